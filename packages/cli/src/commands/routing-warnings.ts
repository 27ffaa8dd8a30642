import { describeRouting, type IstioOptions } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";

/** Says which rules of other people's lead to a baseline and can not lead to its members: whoever comes by them never leaves the baseline. */
export function warnOfUnreachedRules(mesh: Mesh, options: IstioOptions): readonly string[] {
  return describeRouting(mesh, options).flatMap(({ namespace, service, unreached, hiddenBy }) => [
    ...hiddenBy.map(
      (sidecar) =>
        `Sidecar ${sidecar.namespace}/${sidecar.name} tells of ${namespace}/${service} and not of its members: from there, requests with their names are answered 503; add ${namespace}/${service}-members.${namespace}.svc.${mesh.clusterDomain} to its egress`,
    ),
    ...unreached.map(
      ({ rule, why }) =>
        `${rule.kind} ${rule.namespace}/${rule.name}, rule ${rule.rule}, leads to ${namespace}/${service}, and never to its members: ${why}`,
    ),
  ]);
}
