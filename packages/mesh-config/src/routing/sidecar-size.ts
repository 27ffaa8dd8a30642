import { type KubernetesResource, type Labels, matchesSelector } from "../kubernetes/resource.ts";
import { type CompileOptions, compileWithClusters } from "./compile.ts";
import { type RoutingResources, readRoutingResources, type Workload } from "./istio-resources.ts";
import type { RegisteredHost } from "./registry.ts";
import type { MeshProxy } from "./table.ts";

/** What a sidecar has to keep, and what that takes. */
export interface SidecarSize {
  /** Sets of endpoints: one for each port of each host, and one for each of its subsets. */
  readonly clusters: number;
  /** A pod counts in every cluster that it is in. */
  readonly endpoints: number;
  readonly virtualHosts: number;
  readonly routes: number;
  /** What Envoy itself says that it has allocated (`/memory`), in millions of bytes; the process takes some 40 more. */
  readonly megabytes: number;
}

/** Measured on the stock Envoy 1.40 with Istio's choice of statistics, in thousands of bytes; `npm run bench -- --only sidecars` holds them against an Envoy. */
const KILOBYTES = { empty: 7_150, cluster: 31, endpoint: 4.5, virtualHost: 4, route: 4.5 };

/**
 * Predicts what a sidecar of istiod's takes that gets its configuration from these resources: everything that its namespace may see, whether anybody calls it or not.
 *
 * @example
 * ```ts
 * predictSidecarSize(resourcesOf(mesh), { kind: "sidecar", namespace: "shop", labels: { app: "web" } }).megabytes;
 * ```
 */
export function predictSidecarSize(resources: readonly KubernetesResource[], proxy: MeshProxy, options: CompileOptions = {}): SidecarSize {
  const read = readRoutingResources(resources, options.clusterDomain);
  const { table, clusters: known } = compileWithClusters(read, proxy);
  const pods = new PodCounts(read);
  let clusters = 0;
  let endpoints = 0;
  for (const registered of known.registry.values()) {
    const subsets = known.subsetsOf(registered);
    for (const { number } of registered.ports) {
      for (const labels of [{}, ...subsets.map((subset) => subset.labels)]) {
        clusters += 1;
        endpoints += pods.of(registered, number, labels);
      }
    }
  }
  const virtualHosts = table.ports.flatMap((port) => port.virtualHosts);
  const routes = virtualHosts.reduce((sum, one) => sum + one.routes.length, 0);
  const kilobytes =
    KILOBYTES.empty +
    clusters * KILOBYTES.cluster +
    endpoints * KILOBYTES.endpoint +
    virtualHosts.length * KILOBYTES.virtualHost +
    (routes - virtualHosts.length) * KILOBYTES.route;
  return { clusters, endpoints, virtualHosts: virtualHosts.length, routes, megabytes: kilobytes / 1_000 };
}

/** How many pods labels select, found by the rarest of them. */
class PodCounts {
  readonly #workloads = new Map<string, Workload[]>();

  constructor({ workloads }: RoutingResources) {
    for (const workload of workloads) {
      for (const label of Object.entries(workload.labels)) {
        const key = keyOf(workload.reference.namespace, label);
        const same = this.#workloads.get(key);
        if (same === undefined) this.#workloads.set(key, [workload]);
        else same.push(workload);
      }
    }
  }

  /** One where its addresses are somewhere that is not followed. */
  of(registered: RegisteredHost, port: number, subset: Labels): number {
    const endpoints = registered.endpoints(port);
    if (endpoints.kind !== "pods") return 1;
    const labels = { ...endpoints.labels, ...subset };
    const candidates = Object.entries(labels).map((label) => this.#workloads.get(keyOf(endpoints.namespace, label)) ?? []);
    const [rarest = []] = candidates.sort((a, b) => a.length - b.length);
    return rarest.reduce((sum, workload) => sum + (matchesSelector(labels, workload.labels) ? workload.replicas : 0), 0);
  }
}

function keyOf(namespace: string, [name, value]: readonly [string, string]): string {
  return `${namespace}/${name}=${value}`;
}
