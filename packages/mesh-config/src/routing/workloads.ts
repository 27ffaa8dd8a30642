import { matchesSelector } from "../kubernetes/resource.ts";
import type { RoutingResources, Workload } from "./istio-resources.ts";
import type { Cluster } from "./table.ts";

/** The workloads whose pods a cluster's labels select, but those that ask for no pod; none for a cluster that leads anywhere else. */
export function workloadsBehind({ endpoints }: Cluster, { workloads }: RoutingResources): readonly Workload[] {
  if (endpoints.kind !== "pods") return [];
  return workloads.filter(
    ({ reference, labels, replicas }) =>
      replicas > 0 && reference.namespace === endpoints.namespace && matchesSelector(endpoints.labels, labels),
  );
}
