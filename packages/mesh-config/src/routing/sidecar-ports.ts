import { type BoundVirtualService, bindVirtualServices, takesIn } from "./bound-virtual-services.ts";
import type { ClusterTable } from "./clusters.ts";
import { type Compilation, MESH_GATEWAY } from "./compilation.ts";
import type { RegisteredHost, Registry } from "./registry.ts";
import { compileRules } from "./rules/compile-rules.ts";
import type { VirtualService } from "./rules/delegates.ts";
import { USUAL_FORWARDING } from "./rules/forwarding.ts";
import type { MeshProxy, OpaqueHost, PortRoutes, Route, Unread, VirtualHost } from "./table.ts";
import { domainsOf, everythingTo, unknownHosts, virtualHost } from "./virtual-hosts.ts";

/** Istio gives the hosts of a VirtualService that no Service or ServiceEntry has to port 80 of a sidecar. */
const PORT_OF_UNREGISTERED_HOSTS = 80;

/**
 * What a sidecar knows on each HTTP port: the hosts of every VirtualService bound to the mesh (a host that stands in two goes to the first), every other
 * registered host, and a last virtual host for what the mesh does not know.
 */
export function compileSidecarPorts(compilation: Compilation): readonly PortRoutes[] {
  const { named: registry } = compilation.clusters;
  const bound = bindVirtualServices(compilation, (gateways) => gateways.includes(MESH_GATEWAY));
  const wildcards = assignWildcards(bound, registry);
  const ports = new Set([PORT_OF_UNREGISTERED_HOSTS]);
  for (const { ports: served } of registry.values()) for (const { number, protocol } of served) if (protocol !== "tcp") ports.add(number);
  return ascending(ports).map((port) => {
    const known = new Map([...registry].filter(([, { ports: served }]) => served.some(({ number }) => number === port)));
    const owned = bound.flatMap((virtualService) => draftsOf(virtualService, compilation, { port, known, wildcards }));
    const hosts = new Set(owned.map(({ host }) => host));
    const others = [...known.values()]
      .filter((registered) => servesHttp(registered, port) && !hosts.has(registered.host))
      .map((registered) => ({ host: registered.host, registered, routes: [usualRoute(registered, compilation, port)], owner: undefined }));
    const virtualHosts = withoutDuplicates([...owned, ...others], compilation, port);
    virtualHosts.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { port, virtualHosts: [...virtualHosts, unknownHosts(compilation, port)] };
  });
}

/** A virtual host before it is known which of its names others have taken. */
interface Draft {
  readonly host: string;
  readonly registered: RegisteredHost | undefined;
  readonly routes: readonly Route[];
  readonly owner: VirtualService | undefined;
}

interface HostsOfPort {
  readonly port: number;
  /** The registered hosts that have this port, whatever they speak on it. */
  readonly known: Registry;
  /** The VirtualService that takes each in by a wildcard. */
  readonly wildcards: ReadonlyMap<string, VirtualService>;
}

/**
 * The hosts of a VirtualService on one port: those that the mesh knows there, and those that it does not know. The latter need one of the former, but on
 * port 80.
 */
function draftsOf(
  { owner, hosts }: BoundVirtualService,
  compilation: Compilation,
  { port, known, wildcards }: HostsOfPort,
): readonly Draft[] {
  const find = (host: string): readonly RegisteredHost[] => {
    if (host.startsWith("*")) return [...known.values()].filter((registered) => takesIn(host, registered.host));
    const registered = known.get(host);
    return registered === undefined ? [] : [registered];
  };
  const split = hosts.map((host) => ({ host, taken: find(host) }));
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
  return [...clusters.named.values()].flatMap((registered) =>
    registered.ports
      .filter(({ protocol }) => protocol === "tcp")
      .map(({ number }) => ({
        port: number,
        domains: domainsOf(registered.host, registered, proxy, clusterDomain),
        cluster: clusters.use({ host: registered.host, port: number }, registered.namespace),
      })),
  );
}

function servesHttp(host: RegisteredHost | undefined, port: number): boolean {
  return host?.ports.some(({ number, protocol }) => number === port && protocol !== "tcp") ?? false;
}

function ascending(ports: ReadonlySet<number>): readonly number[] {
  return [...ports].sort((a, b) => a - b);
}
