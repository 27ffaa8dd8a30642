import { findBroken, type KubernetesResource } from "@puggle/mesh-config";

/** Says which manifests are left out of account since they can not be read: an API server would refuse them too. */
export function warnOfBroken(manifests: readonly KubernetesResource[]): readonly string[] {
  return findBroken(manifests).map(
    ({ resource, field, why }) =>
      `${resource.kind} ${resource.namespace}/${resource.name} is left out of account, since it can not be read: ${field}: ${why}`,
  );
}
