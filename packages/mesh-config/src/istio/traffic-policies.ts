import { DestinationRuleTable } from "../routing/destination-rules.ts";
import type { RoutingResources, TrafficPolicySpec } from "../routing/istio-resources.ts";

/**
 * What the cluster's DestinationRules say of how each baseline is called. Members are called through a host of their own, whose rule hides those that are meant for
 * every host: what holds for the baseline has to be said again for them.
 */
export class TrafficPolicies {
  readonly #resources: Pick<RoutingResources, "destinationRules" | "clusterDomain">;
  readonly #byNamespace = new Map<string, DestinationRuleTable>();

  constructor(resources: Pick<RoutingResources, "destinationRules" | "clusterDomain">) {
    this.#resources = resources;
  }

  /** As callers in the service's own namespace follow it. */
  find(host: string, namespace: string): TrafficPolicySpec | undefined {
    const known = this.#byNamespace.get(namespace);
    const table = known ?? new DestinationRuleTable(this.#resources, { kind: "sidecar", namespace, labels: {} });
    this.#byNamespace.set(namespace, table);
    return table.find(host, namespace)?.trafficPolicy;
  }
}
