import type { ServiceRouting } from "@puggle/mesh-config";
import { MEMBERS_SUFFIX } from "@puggle/model";

/**
 * Says which rules of other people's lead to a baseline and can not lead to its members, so that whoever comes by them never leaves the baseline, and which of
 * their Sidecars hide members.
 */
export function warnOfRouting(routings: readonly ServiceRouting[], clusterDomain: string): readonly string[] {
  return routings.flatMap(({ namespace, service, unreached, hiddenBy }) => [
    ...hiddenBy.map(
      (sidecar) =>
        `Sidecar ${sidecar.namespace}/${sidecar.name} tells of ${namespace}/${service} and not of its members: from there, requests with their names are answered 503; add ${namespace}/${service}${MEMBERS_SUFFIX}.${namespace}.svc.${clusterDomain} to its egress`,
    ),
    ...unreached.map(
      ({ rule, why }) =>
        `${rule.kind} ${rule.namespace}/${rule.name}, rule ${rule.rule}, leads to ${namespace}/${service}, and never to its members: ${why}`,
    ),
  ]);
}
