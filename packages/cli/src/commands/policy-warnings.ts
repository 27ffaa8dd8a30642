import { findLostPolicies, type IstioOptions } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";

const MOST_NAMED = 3;

/** Says of each policy that holds for a baseline and not for its members that it does not: nobody should find out by what it failed to stop. */
export function warnOfLostPolicies(mesh: Mesh, options: IstioOptions): readonly string[] {
  return findLostPolicies(mesh, options).map(({ policy, service, namespace, virtualClusters }) => {
    const hidden = virtualClusters.length - MOST_NAMED;
    const names = [...virtualClusters.slice(0, MOST_NAMED), ...(hidden > 0 ? [`${hidden} more`] : [])].join(", ");
    return `${policy.kind} ${policy.namespace}/${policy.name} holds for ${namespace}/${service}, and not for its members (${names}), whose pods have other labels; write one for puggle.dev/service: ${service} too where it should`;
  });
}
