import { isIP } from "node:net";
import type { Service } from "@puggle/model";
import { stampFilter } from "../istio/header-stamp.ts";
import type { RouteTable } from "../routing/table.ts";
import type { WorkloadAddress } from "./addresses.ts";
import { appCluster, type FindEndpoints, upstreamCluster } from "./clusters.ts";
import { printLaptopAction } from "./laptop-routes.ts";
import { httpListener, tcpListener } from "./listeners.ts";
import { routeConfiguration } from "./route-configuration.ts";

const LOOPBACK = "127.0.0.1";

/** The whole static configuration of one workload's sidecar: in to the app, and out by the compiled routes. */
export function buildSidecar(
  id: string,
  service: Service,
  address: WorkloadAddress,
  table: RouteTable,
  outboundPorts: ReadonlyMap<number, number>,
  findEndpoints: FindEndpoints,
) {
  const bind = isIP(address.host) === 0 ? "0.0.0.0" : address.host;
  const inbound = service.ports.map((port) => {
    const listens = address.ports[port.number];
    if (listens === undefined) throw new Error(`no address for port ${port.number} of ${id}`);
    const name = `inbound|${port.number}`;
    const listener = port.protocol === "tcp" ? tcpListener : httpListener;
    const routes = {
      name,
      virtual_hosts: [{ name, domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: name, timeout: "0s" } }] }],
    };
    return {
      listener: listener({ name, address: bind, port: listens.inbound, routes, cluster: name, filters: [] }),
      cluster: appCluster(name, listens.app, port.protocol),
    };
  });
  const filters = table.stamp === undefined ? [] : [stampFilter(table.stamp.value)];
  const outbound = table.ports.flatMap((routes) => {
    const port = outboundPorts.get(routes.port);
    const name = `outbound|${routes.port}`;
    return port === undefined
      ? []
      : [
          httpListener({
            name,
            address: LOOPBACK,
            port,
            routes: routeConfiguration(name, routes, printLaptopAction(table)),
            cluster: name,
            filters,
          }),
        ];
  });
  return bootstrap(
    id,
    address.admin,
    [...inbound.map(({ listener }) => listener), ...outbound],
    [...inbound.map(({ cluster }) => cluster), ...upstreamClusters(table, findEndpoints)],
  );
}

/** The configuration of the proxy through which a person enters the mesh. It leads to services only, never out of the mesh. */
export function buildGateway(
  table: RouteTable,
  gateway: { readonly host: string; readonly admin: number },
  ports: ReadonlyMap<number, number>,
  findEndpoints: FindEndpoints,
) {
  const inside: RouteTable = {
    ...table,
    ports: table.ports.map(({ port, virtualHosts }) => ({ port, virtualHosts: virtualHosts.filter((host) => !leadsOut(host, table)) })),
  };
  const listeners = inside.ports.flatMap((routes) => {
    const port = ports.get(routes.port);
    const name = `outbound|${routes.port}`;
    return port === undefined
      ? []
      : [
          httpListener({
            name,
            address: gateway.host,
            port,
            routes: routeConfiguration(name, routes, printLaptopAction(inside)),
            cluster: name,
            filters: [],
          }),
        ];
  });
  return bootstrap("gateway", gateway.admin, listeners, upstreamClusters(table, findEndpoints));
}

function leadsOut({ routes }: RouteTable["ports"][number]["virtualHosts"][number], { clusters }: RouteTable): boolean {
  return routes.some(({ destinations }) =>
    destinations.some(({ cluster }) => {
      const kind = clusters.get(cluster)?.endpoints.kind;
      return kind === "external" || kind === "passthrough";
    }),
  );
}

function upstreamClusters({ clusters }: RouteTable, findEndpoints: FindEndpoints) {
  return [...clusters.values()]
    .filter(({ endpoints, host }) => endpoints.kind !== "passthrough" && !host.startsWith("*"))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((cluster) => upstreamCluster(cluster, findEndpoints(cluster)));
}

function bootstrap(id: string, admin: number, listeners: readonly object[], clusters: readonly object[]) {
  return {
    node: { id, cluster: "puggle" },
    admin: { address: { socket_address: { address: LOOPBACK, port_value: admin } } },
    static_resources: { listeners, clusters },
  };
}
