import type { KubernetesResource } from "../kubernetes/resource.ts";
import { ClusterTable, PASSTHROUGH_CLUSTER } from "./clusters.ts";
import { readEnvoyFilters } from "./envoy-filters.ts";
import { compileGatewayPorts } from "./gateway-ports.ts";
import { type RoutingResources, readRoutingResources } from "./istio-resources.ts";
import { compileOpaqueHosts, compileSidecarPorts } from "./sidecar-ports.ts";
import { findScope } from "./sidecar-scope.ts";
import type { MeshProxy, RouteTable, Unread } from "./table.ts";

export interface CompileOptions {
  /** The cluster's DNS domain; `cluster.local` when left out. */
  readonly clusterDomain?: string;
}

/**
 * The route table that a sidecar or gateway gets from these resources, as istiod would translate them for it.
 *
 * Behaviour follows Istio 1.31 (`pilot/pkg/networking/core`). What is not compiled is listed in the table's `unread`.
 *
 * @example
 * ```ts
 * const table = compile(generateIstio(mesh), { kind: "sidecar", namespace: "shop", labels: { app: "web" } });
 * route(table, { method: "GET", host: "cart.shop.svc.cluster.local", port: 80, path: "/", headers: {} });
 * ```
 */
export function compile(resources: readonly KubernetesResource[], proxy: MeshProxy, options: CompileOptions = {}): RouteTable {
  return compileFor(readRoutingResources(resources, options.clusterDomain), proxy);
}

/** {@link compile} for many proxies of one set of resources, which is read only once. */
export function compileFor(resources: RoutingResources, proxy: MeshProxy): RouteTable {
  return compileWithClusters(resources, proxy).table;
}

/** The same with all that the proxy knows of, where its routes lead or not. */
export function compileWithClusters(
  resources: RoutingResources,
  proxy: MeshProxy,
): { readonly table: RouteTable; readonly clusters: ClusterTable } {
  const unread: Unread[] = [...resources.unread];
  const scope = findScope(resources, proxy, unread);
  const clusters = new ClusterTable(resources, proxy, scope);
  const filters = readEnvoyFilters(resources, proxy, unread);
  const compilePorts = proxy.kind === "gateway" ? compileGatewayPorts : compileSidecarPorts;
  const ports = compilePorts({ resources, proxy, scope, clusters, filters, unread });
  const opaque = proxy.kind === "gateway" ? [] : compileOpaqueHosts(clusters, proxy, resources.clusterDomain);
  const unknown = scope.isRegistryOnly ? clusters.blackHole() : PASSTHROUGH_CLUSTER;
  const table = { proxy, scope: scope.source, stamp: filters.stamp, ports, opaque, unknown, clusters: clusters.byName, unread };
  return { table, clusters };
}
