import { bindVirtualServices, takesIn } from "./bound-virtual-services.ts";
import type { Compilation } from "./compilation.ts";
import { compileRules } from "./rules/compile-rules.ts";
import { isCatchAll } from "./rules/matches.ts";
import type { PortRoutes } from "./table.ts";
import { virtualHost } from "./virtual-hosts.ts";

/** What a gateway is taken to open where its Gateway is not among the resources. */
const USUAL_GATEWAY_PORTS = [80, 443];

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
