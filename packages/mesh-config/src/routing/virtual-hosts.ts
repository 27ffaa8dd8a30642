import { PASSTHROUGH_VIRTUAL_HOST } from "../istio/header-boundary.ts";
import type { ClusterTable } from "./clusters.ts";
import { type Compilation, MESH_GATEWAY, qualifyGateway } from "./compilation.ts";
import type { FilterEffects } from "./envoy-filters.ts";
import type { VirtualService } from "./istio-resources.ts";
import { type RegisteredHost, resolveHost } from "./registry.ts";
import { compileRoutes, EVERY_REQUEST, isCatchAll } from "./routes.ts";
import type { MeshProxy, OpaqueHost, PortRoutes, Route, VirtualHost } from "./table.ts";

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
  const owners = assignHosts(compilation);
  const hostsByOwner = Map.groupBy(owners.keys(), (host) => owners.get(host) as VirtualService);
  const ports = new Set([PORT_OF_UNREGISTERED_HOSTS]);
  for (const { ports: served } of registry.values()) for (const { number, protocol } of served) if (protocol !== "tcp") ports.add(number);
  return ascending(ports).map((port) => {
    const routesOf = memoizedRoutes(compilation, port, [MESH_GATEWAY]);
    const virtualHosts: VirtualHost[] = [];
    const routed = new Set<string>();
    for (const [owner, hosts] of hostsByOwner) {
      const isServed = hosts.some((host) => servesHttp(registry.get(host), port));
      if (!isServed && port !== PORT_OF_UNREGISTERED_HOSTS) continue;
      const routes = routesOf(owner);
      if (routes.length === 0) continue;
      for (const host of hosts) {
        const registered = registry.get(host);
        const isHttp = servesHttp(registered, port);
        if (!isHttp && registered?.ports.some(({ number }) => number === port)) continue;
        virtualHosts.push(virtualHost(compilation, host, port, routes, isHttp ? registered : undefined));
        routed.add(host);
      }
    }
    for (const registered of registry.values()) {
      if (routed.has(registered.host) || !servesHttp(registered, port)) continue;
      const cluster = compilation.clusters.use({ host: registered.host, port }, registered.namespace);
      const route: Route = { name: "default", match: EVERY_REQUEST, destinations: [{ cluster, weight: 1 }], source: undefined };
      virtualHosts.push(virtualHost(compilation, registered.host, port, [route], registered));
    }
    virtualHosts.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { port, virtualHosts: [...virtualHosts, passthrough(compilation, port)] };
  });
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
 * What a gateway knows: the hosts of the VirtualServices that are bound to it, and nothing else. Where several have one host it merges them, the oldest first,
 * and what takes every request last.
 */
export function compileGatewayPorts(compilation: Compilation): readonly PortRoutes[] {
  const { gateway } = compilation.proxy;
  const bound = boundVirtualServices(compilation, (gateways) => gateway !== undefined && gateways.includes(gateway));
  const hosts = Map.groupBy(bound, ({ host }) => host);
  return gatewayPorts(compilation).map((port) => {
    const routesOf = memoizedRoutes(compilation, port, gateway === undefined ? [] : [gateway]);
    const virtualHosts = [...hosts].map(([host, owners]) => {
      const routes = owners.flatMap(({ owner }) => routesOf(owner));
      const ordered = [...routes.filter(({ match }) => !isCatchAll(match)), ...routes.filter(({ match }) => isCatchAll(match))];
      return virtualHost(compilation, host, port, ordered, undefined);
    });
    return { port, virtualHosts: virtualHosts.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  });
}

function gatewayPorts({ proxy, resources }: Compilation): readonly number[] {
  const opened = resources.gateways.find(({ reference }) => `${reference.namespace}/${reference.name}` === proxy.gateway);
  return opened === undefined ? USUAL_GATEWAY_PORTS : ascending(new Set(opened.spec.servers.map(({ port }) => port.number)));
}

/** Each host of a sidecar with the VirtualService that has it: the oldest, as far as that is known, then by name and namespace. */
function assignHosts(compilation: Compilation): ReadonlyMap<string, VirtualService> {
  const owners = new Map<string, VirtualService>();
  for (const { host, owner } of boundVirtualServices(compilation, (gateways) => gateways.includes(MESH_GATEWAY))) {
    const first = owners.get(host);
    if (first === undefined) owners.set(host, owner);
    else if (first !== owner) {
      const why = `${host} belongs to VirtualService ${first.reference.namespace}/${first.reference.name} already; a sidecar takes the first only`;
      compilation.unread.push({ resource: owner.reference, field: "spec.hosts", why });
    }
  }
  return owners;
}

function boundVirtualServices(
  { resources }: Compilation,
  isBound: (gateways: readonly string[]) => boolean,
): readonly { readonly host: string; readonly owner: VirtualService }[] {
  return [...resources.virtualServices]
    .sort(byAgeAndName)
    .filter((owner) => isBound(gatewaysOf(owner)))
    .flatMap((owner) =>
      owner.spec.hosts.map((name) => ({ host: resolveHost(name, owner.reference.namespace, resources.clusterDomain), owner })),
    );
}

/** The gateways of a VirtualService by their full names; `mesh` where it names none. */
function gatewaysOf({ reference, spec }: VirtualService): readonly string[] {
  return (spec.gateways ?? [MESH_GATEWAY]).map((gateway) => qualifyGateway(gateway, reference.namespace));
}

function servesHttp(host: RegisteredHost | undefined, port: number): boolean {
  return host?.ports.some(({ number, protocol }) => number === port && protocol !== "tcp") ?? false;
}

function memoizedRoutes(compilation: Compilation, port: number, gateways: readonly string[]): (owner: VirtualService) => readonly Route[] {
  const known = new Map<VirtualService, readonly Route[]>();
  return (owner) => {
    const routes = known.get(owner) ?? compileRoutes(owner, compilation, port, gateways);
    known.set(owner, routes);
    return routes;
  };
}

function virtualHost(
  { filters, proxy, resources }: Compilation,
  host: string,
  port: number,
  routes: readonly Route[],
  registered: RegisteredHost | undefined,
): VirtualHost {
  const name = `${host}:${port}`;
  const domains = domainsOf(host, registered, proxy, resources.clusterDomain);
  return { name, domains, routes, removedHeaders: removalsFor(name, filters) };
}

function domainsOf(host: string, registered: RegisteredHost | undefined, proxy: MeshProxy, clusterDomain: string): readonly string[] {
  if (registered === undefined) return [host];
  const shorter = registered.hasShortNames ? shortNames(registered, proxy, clusterDomain) : [];
  return [host, `${host}.`, ...shorter, ...registered.aliases];
}

/** `cart`, `cart.shop`, `cart.shop.svc` for callers in the service's namespace; the ones with the namespace for all others. */
function shortNames({ host, namespace }: RegisteredHost, proxy: MeshProxy, clusterDomain: string): readonly string[] {
  const name = host.slice(0, host.length - `.${namespace}.svc.${clusterDomain}`.length);
  return [...(proxy.namespace === namespace ? [name] : []), `${name}.${namespace}`, `${name}.${namespace}.svc`];
}

function passthrough({ clusters, filters }: Compilation, port: number): VirtualHost {
  const route: Route = {
    name: PASSTHROUGH_VIRTUAL_HOST,
    match: EVERY_REQUEST,
    destinations: [{ cluster: clusters.passthrough(port), weight: 1 }],
    source: undefined,
  };
  return {
    name: PASSTHROUGH_VIRTUAL_HOST,
    domains: ["*"],
    routes: [route],
    removedHeaders: removalsFor(PASSTHROUGH_VIRTUAL_HOST, filters),
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
