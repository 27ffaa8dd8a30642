import type { Service } from "@puggle/model";
import { MANAGED_BY, MANAGED_BY_LABEL, SERVICE_LABEL, VERSION_LABEL } from "../kubernetes/labels.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { servicePorts } from "../kubernetes/service-ports.ts";
import type { TrafficPolicySpec } from "../routing/istio-resources.ts";
import { membersServiceName } from "./names.ts";

/**
 * The Service of all members of a service. Members have one of their own so that nothing which selects the baseline (its Service, HPA, PDB, another
 * team's rules) can ever select a member.
 */
export function buildMembersService(service: Service): KubernetesResource {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: membersServiceName(service), namespace: service.namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
    spec: {
      selector: { [SERVICE_LABEL]: service.name },
      ports: servicePorts(service.ports),
    },
  };
}

/** One subset a virtual cluster on the members' Service, called as the baseline is. */
export function buildMembersDestinationRule(
  service: Service,
  membersHost: string,
  { virtualClusters, policy }: { readonly virtualClusters: readonly string[]; readonly policy: TrafficPolicySpec | undefined },
): KubernetesResource {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: membersServiceName(service), namespace: service.namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
    spec: {
      host: membersHost,
      ...(policy === undefined ? {} : { trafficPolicy: policy }),
      subsets: virtualClusters.map((name) => ({ name, labels: { [VERSION_LABEL]: name } })),
    },
  };
}
