import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { PASSTHROUGH_VIRTUAL_HOST } from "../istio/header-boundary.ts";
import type { ClusterTable } from "./clusters.ts";
import type { Compilation } from "./compilation.ts";
import type { FilterEffects, RouteChange } from "./envoy-filters.ts";
import type { RegisteredHost } from "./registry.ts";
import { BLIND_FORWARDING } from "./rules/forwarding.ts";
import { NO_HEADER_CHANGES } from "./rules/header-changes.ts";
import { EVERY_REQUEST } from "./rules/matches.ts";
import type { Forwarding, MeshProxy, Route, VirtualHost } from "./table.ts";

/** The virtual host in which Istio's sidecars put everything that the mesh does not know, where none of it is let out. */
const BLOCKED_VIRTUAL_HOST = "block_all";

/** A virtual host as istiod names it, with what filters do to its requests. */
export function virtualHost(
  { filters, clusters }: Compilation,
  host: string,
  port: number,
  routes: readonly Route[],
  domains: readonly string[],
): VirtualHost {
  const name = `${host}:${port}`;
  const changes = filters.routeChanges.filter((change) => concerns(change, { name, domains }));
  const changed =
    changes.length === 0 ? routes : routes.map((route) => changes.reduce((now, change) => lead(now, change, clusters), route));
  return { name, domains, routes: changed, removedHeaders: removalsFor(name, filters) };
}

function concerns({ virtualHost, domain }: RouteChange, { name, domains }: Pick<VirtualHost, "name" | "domains">): boolean {
  return (virtualHost === undefined || virtualHost === name) && (domain === undefined || domains.includes(domain));
}

/** Leads a route that passes requests on to where an EnvoyFilter says, whatever its destinations were. */
function lead(route: Route, { routeName, clusters, otherwise, source }: RouteChange, table: ClusterTable): Route {
  if (route.answer !== undefined || (routeName !== undefined && routeName !== route.name)) return route;
  const choice = clusters.size === 0 ? undefined : { header: VIRTUAL_CLUSTER_HEADER, clusters, source };
  for (const cluster of [otherwise, ...clusters.values()]) table.useByName(cluster);
  return { ...route, destinations: [{ cluster: otherwise, weight: 1 }], choice };
}

/** Every name by which callers of a proxy may ask for a host; none but its own where the mesh does not know it. */
export function domainsOf(
  host: string,
  registered: RegisteredHost | undefined,
  proxy: MeshProxy,
  clusterDomain: string,
): readonly string[] {
  if (registered === undefined) return [host];
  const shorter = registered.hasShortNames ? shortNames(registered, proxy, clusterDomain) : [];
  const names = [host, `${host}.`, ...shorter];
  return [...names, ...(registered.isHeadless ? names.map((name) => `*.${name}`) : []), ...registered.addresses];
}

/** `cart`, `cart.shop`, `cart.shop.svc` for callers in the service's namespace; the ones with the namespace for all others. */
function shortNames({ host, namespace }: RegisteredHost, proxy: MeshProxy, clusterDomain: string): readonly string[] {
  const name = host.slice(0, host.length - `.${namespace}.svc.${clusterDomain}`.length);
  return [...(proxy.namespace === namespace ? [name] : []), `${name}.${namespace}`, `${name}.${namespace}.svc`];
}

/** What a sidecar does with hosts that the mesh does not know. */
export function unknownHosts({ clusters, filters, scope }: Compilation, port: number): VirtualHost {
  if (scope.isRegistryOnly) {
    const refusal = { ...everythingTo(BLOCKED_VIRTUAL_HOST, "", BLIND_FORWARDING), destinations: [], forwarding: undefined };
    const route: Route = { ...refusal, answer: { kind: "response", status: 502, body: undefined } };
    return { name: BLOCKED_VIRTUAL_HOST, domains: ["*"], routes: [route], removedHeaders: removalsFor(BLOCKED_VIRTUAL_HOST, filters) };
  }
  const route = everythingTo(PASSTHROUGH_VIRTUAL_HOST, clusters.passthrough(port), BLIND_FORWARDING);
  return {
    name: PASSTHROUGH_VIRTUAL_HOST,
    domains: ["*"],
    routes: [route],
    removedHeaders: removalsFor(PASSTHROUGH_VIRTUAL_HOST, filters),
  };
}

/** A route that the mesh makes by itself. */
export function everythingTo(name: string, cluster: string, forwarding: Forwarding): Route {
  return {
    name,
    match: EVERY_REQUEST,
    destinations: [{ cluster, weight: 1 }],
    choice: undefined,
    forwarding,
    answer: undefined,
    headers: NO_HEADER_CHANGES,
    fault: undefined,
    cors: undefined,
    source: undefined,
  };
}

function removalsFor(name: string, { removals }: FilterEffects): VirtualHost["removedHeaders"] {
  return [...(removals.get(undefined) ?? []), ...(removals.get(name) ?? [])];
}
