import { PASSTHROUGH_VIRTUAL_HOST } from "../istio/header-boundary.ts";
import type { ClusterTable } from "./clusters.ts";
import { type Compilation, MESH_GATEWAY, qualifyGateway } from "./compilation.ts";
import type { FilterEffects } from "./envoy-filters.ts";
import { type RegisteredHost, type Registry, resolveHost } from "./registry.ts";
import { compileRules } from "./rules/compile-rules.ts";
import type { VirtualService } from "./rules/delegates.ts";
import { BLIND_FORWARDING, USUAL_FORWARDING } from "./rules/forwarding.ts";
import { NO_HEADER_CHANGES } from "./rules/header-changes.ts";
import { EVERY_REQUEST, isCatchAll } from "./rules/matches.ts";
import type { Forwarding, MeshProxy, OpaqueHost, PortRoutes, Route, Unread, VirtualHost } from "./table.ts";
import { VISIBILITIES, visibilityFrom } from "./visibility.ts";

/** Istio gives the hosts of a VirtualService that no Service or ServiceEntry has to port 80 of a sidecar. */
const PORT_OF_UNREGISTERED_HOSTS = 80;
/** What a gateway is taken to open where its Gateway is not among the resources. */
const USUAL_GATEWAY_PORTS = [80, 443];

/**
 * What a sidecar knows on each HTTP port: the hosts of every VirtualService bound to the mesh (a host that stands in two goes to the first), every other
 * registered host, and a last virtual host for what the mesh does not know.
 */
export function compileSidecarPorts(compilation: Compilation): readonly PortRoutes[] {
  const { registry } = compilation.clusters;
  const bound = bindVirtualServices(compilation, (gateways) => gateways.includes(MESH_GATEWAY));
  const wildcards = assignWildcards(bound, registry);
  const ports = new Set([PORT_OF_UNREGISTERED_HOSTS]);
  for (const { ports: served } of registry.values()) for (const { number, protocol } of served) if (protocol !== "tcp") ports.add(number);
  return ascending(ports).map((port) => {
    const drafts = [
      ...bound.flatMap((virtualService) => draftsOf(virtualService, compilation, port, wildcards)),
      ...[...registry.values()]
        .filter((registered) => servesHttp(registered, port))
        .map((registered) => ({
          host: registered.host,
          registered,
          routes: [usualRoute(registered, compilation, port)],
          owner: undefined,
        })),
    ];
    const virtualHosts = withoutDuplicates(drafts, compilation, port);
    virtualHosts.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { port, virtualHosts: [...virtualHosts, passthrough(compilation, port)] };
  });
}

/** A virtual host before it is known which of its names others have taken. */
interface Draft {
  readonly host: string;
  readonly registered: RegisteredHost | undefined;
  readonly routes: readonly Route[];
  readonly owner: VirtualService | undefined;
}

/**
 * The hosts of a VirtualService on one port: those that the mesh knows there, and those that it does not know. The latter need one of the former, but on
 * port 80.
 */
function draftsOf(
  { owner, hosts }: BoundVirtualService,
  compilation: Compilation,
  port: number,
  wildcards: ReadonlyMap<string, VirtualService>,
): readonly Draft[] {
  const { registry } = compilation.clusters;
  const known = [...registry.values()].filter(({ ports }) => ports.some(({ number }) => number === port));
  const split = hosts.map((host) => {
    const taken = known.filter((registered) => (host.startsWith("*") ? takesIn(host, registered.host) : registered.host === host));
    return { host, taken };
  });
  const registered = split
    .flatMap(({ host, taken }) => (host.startsWith("*") ? taken.filter((one) => wildcards.get(one.host) === owner) : taken))
    .filter((one) => servesHttp(one, port));
  if (registered.length === 0 && port !== PORT_OF_UNREGISTERED_HOSTS) return [];
  const routes = compileRules(owner, compilation, port, [MESH_GATEWAY]);
  if (routes.length === 0) return [];
  const unknown = split.filter(({ taken }) => taken.length === 0).map(({ host }) => ({ host, registered: undefined, routes, owner }));
  return [...unknown, ...registered.map((one) => ({ host: one.host, registered: one, routes, owner }))];
}

/** For each registered host that wildcards take in, the VirtualService that names it most narrowly. */
function assignWildcards(bound: readonly BoundVirtualService[], registry: Registry): ReadonlyMap<string, VirtualService> {
  const named = bound.flatMap(({ owner, hosts }) => hosts.map((host) => ({ owner, host })));
  if (named.every(({ host }) => !host.startsWith("*"))) return new Map();
  const narrowestFirst = named.sort(
    (a, b) => Number(a.host.startsWith("*")) - Number(b.host.startsWith("*")) || b.host.length - a.host.length,
  );
  return new Map(
    [...registry.keys()].flatMap((host) => {
      const found = narrowestFirst.find((candidate) => takesIn(candidate.host, host));
      return found === undefined ? [] : [[host, found.owner] as const];
    }),
  );
}

/** The first that has a name keeps it; one that has no name left is none. */
function withoutDuplicates(drafts: readonly Draft[], compilation: Compilation, port: number): VirtualHost[] {
  const { proxy, resources, unread } = compilation;
  const owners = new Map<string, Draft>();
  const taken = new Set<string>();
  const virtualHosts: VirtualHost[] = [];
  for (const draft of drafts) {
    const { host, registered, routes, owner } = draft;
    const first = owners.get(host);
    if (first !== undefined) {
      if (owner !== undefined && first.owner !== undefined) unread.push(describeDuplicate(host, owner, first.owner));
      continue;
    }
    owners.set(host, draft);
    const domains = domainsOf(host, registered, proxy, resources.clusterDomain).filter((domain) => !taken.has(domain));
    for (const domain of domains) taken.add(domain);
    if (domains.length > 0) virtualHosts.push(virtualHost(compilation, host, port, routes, domains));
  }
  return virtualHosts;
}

function describeDuplicate(host: string, { reference }: VirtualService, first: VirtualService): Unread {
  const owner = `VirtualService ${first.reference.namespace}/${first.reference.name}`;
  return { resource: reference, field: "spec.hosts", why: `${host} belongs to ${owner} already; a sidecar takes the first only` };
}

/** Where a host's requests go that no VirtualService has. */
function usualRoute(registered: RegisteredHost, { clusters }: Compilation, port: number): Route {
  const cluster = clusters.use({ host: registered.host, port }, registered.namespace);
  return everythingTo("default", cluster, { ...USUAL_FORWARDING, hashPolicies: clusters.hashPoliciesOfHost(registered, port) });
}

/** The hosts of the mesh on their ports that do not speak HTTP. */
export function compileOpaqueHosts(clusters: ClusterTable, proxy: MeshProxy, clusterDomain: string): readonly OpaqueHost[] {
  return [...clusters.registry.values()].flatMap((registered) =>
    registered.ports
      .filter(({ protocol }) => protocol === "tcp")
      .map(({ number }) => ({
        port: number,
        domains: domainsOf(registered.host, registered, proxy, clusterDomain),
        cluster: clusters.use({ host: registered.host, port: number }, registered.namespace),
      })),
  );
}

/**
 * What a gateway knows: the hosts of the VirtualServices that are bound to it, as far as its servers are for them, and nothing else. Where several have one
 * host it merges them, the oldest first, and what takes every request last.
 */
export function compileGatewayPorts(compilation: Compilation): readonly PortRoutes[] {
  const { gateway } = compilation.proxy;
  const bound = bindVirtualServices(compilation, (gateways) => gateway !== undefined && gateways.includes(gateway));
  return gatewayServers(compilation).map(({ port, hosts: served }) => {
    const routed = bound.flatMap(({ owner, hosts }) => {
      const names = hosts.flatMap((host) => intersectHosts(served, host, owner.reference.namespace));
      const routes = names.length === 0 ? [] : compileRules(owner, compilation, port, gateway === undefined ? [] : [gateway]);
      return routes.length === 0 ? [] : [...new Set(names)].map((host) => ({ host, routes }));
    });
    const virtualHosts = [...Map.groupBy(routed, ({ host }) => host)].map(([host, owners]) => {
      const routes = owners.flatMap((owner) => owner.routes);
      const ordered = [...routes.filter(({ match }) => !isCatchAll(match)), ...routes.filter(({ match }) => isCatchAll(match))];
      return virtualHost(compilation, host, port, ordered, [host]);
    });
    return { port, virtualHosts: virtualHosts.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  });
}

interface GatewayServer {
  readonly port: number;
  /** Such as `*.example.com`, or `shop/*` for hosts of that namespace's VirtualServices only. */
  readonly hosts: readonly string[];
}

function gatewayServers({ proxy, resources }: Compilation): readonly GatewayServer[] {
  const opened = resources.gateways.find(({ reference }) => `${reference.namespace}/${reference.name}` === proxy.gateway);
  if (opened === undefined) return USUAL_GATEWAY_PORTS.map((port) => ({ port, hosts: ["*"] }));
  const servers = opened.spec.servers.map(({ port, hosts }) => ({
    port: port.number,
    hosts: hosts.map((host) => (host.startsWith("./") ? `${opened.reference.namespace}${host.slice(1)}` : host)),
  }));
  return [...Map.groupBy(servers, ({ port }) => port)]
    .map(([port, same]) => ({ port, hosts: same.flatMap(({ hosts }) => hosts) }))
    .sort((a, b) => a.port - b.port);
}

/** The hosts that both a server and a VirtualService of this namespace are for: of a wildcard and what it takes in, the narrower one. */
function intersectHosts(served: readonly string[], host: string, namespace: string): readonly string[] {
  const found = served.flatMap((entry) => {
    const [prefix, name] = entry.includes("/") ? (entry.split("/") as [string, string]) : ["*", entry];
    if (prefix !== "*" && prefix !== namespace) return [];
    if (takesIn(name, host)) return [host];
    return takesIn(host, name) ? [name.toLowerCase()] : [];
  });
  return [...new Set(found)];
}

function takesIn(pattern: string, host: string): boolean {
  const lower = pattern.toLowerCase();
  return lower === host || (lower.startsWith("*") && host.endsWith(lower.slice(1)));
}

/** A VirtualService with the full names of its hosts. */
interface BoundVirtualService {
  readonly owner: VirtualService;
  readonly hosts: readonly string[];
}

/** Those that a proxy sees and that are bound to it: by how they are seen, then the oldest first. */
function bindVirtualServices(
  { resources, proxy }: Compilation,
  isBound: (gateways: readonly string[]) => boolean,
): readonly BoundVirtualService[] {
  const seen = [...resources.virtualServices].sort(byAgeAndName).map((owner) => ({
    owner,
    visibility: visibilityFrom(proxy.namespace, { exportTo: owner.spec.exportTo, ownNamespace: owner.reference.namespace }),
  }));
  return VISIBILITIES.flatMap((wanted) => seen.filter(({ visibility }) => visibility === wanted))
    .filter(({ owner }) => isBound(gatewaysOf(owner)))
    .map(({ owner }) => {
      const hosts = owner.spec.hosts.map((name) => resolveHost(name, owner.reference.namespace, resources.clusterDomain));
      return { owner, hosts: [...new Set(hosts)] };
    });
}

/** The gateways of a VirtualService by their full names; `mesh` where it names none. */
function gatewaysOf({ reference, spec }: VirtualService): readonly string[] {
  return (spec.gateways ?? [MESH_GATEWAY]).map((gateway) => qualifyGateway(gateway, reference.namespace));
}

function servesHttp(host: RegisteredHost | undefined, port: number): boolean {
  return host?.ports.some(({ number, protocol }) => number === port && protocol !== "tcp") ?? false;
}

function virtualHost(
  { filters }: Compilation,
  host: string,
  port: number,
  routes: readonly Route[],
  domains: readonly string[],
): VirtualHost {
  const name = `${host}:${port}`;
  return { name, domains, routes, removedHeaders: removalsFor(name, filters) };
}

function domainsOf(host: string, registered: RegisteredHost | undefined, proxy: MeshProxy, clusterDomain: string): readonly string[] {
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

function passthrough({ clusters, filters }: Compilation, port: number): VirtualHost {
  const route = everythingTo(PASSTHROUGH_VIRTUAL_HOST, clusters.passthrough(port), BLIND_FORWARDING);
  return {
    name: PASSTHROUGH_VIRTUAL_HOST,
    domains: ["*"],
    routes: [route],
    removedHeaders: removalsFor(PASSTHROUGH_VIRTUAL_HOST, filters),
  };
}

/** A route that the mesh makes by itself. */
function everythingTo(name: string, cluster: string, forwarding: Forwarding): Route {
  return {
    name,
    match: EVERY_REQUEST,
    destinations: [{ cluster, weight: 1 }],
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

function ascending(ports: ReadonlySet<number>): readonly number[] {
  return [...ports].sort((a, b) => a - b);
}

function byAgeAndName(a: VirtualService, b: VirtualService): number {
  const [left, right] = [a, b].map(({ created, reference }) => `${created} ${reference.name}.${reference.namespace}`) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}
