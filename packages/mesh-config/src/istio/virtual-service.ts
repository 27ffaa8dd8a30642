import { type Port, type Service, VIRTUAL_CLUSTER_HEADER } from "@puggle/model";
import { MANAGED_BY, MANAGED_BY_LABEL } from "../kubernetes/labels.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { MESH_GATEWAY } from "../routing/compilation.ts";

/** A route of a member is called so and by its virtual cluster; the other routes by names that no virtual cluster's route can have. */
const MEMBER_ROUTE = "puggle/";
const NO_HEADER_ROUTE = "puggle-no-virtual-cluster";
const BASELINE_ROUTE = "puggle-baseline";

/** The port on which sidecars look for hosts that no Service has. */
const PORT_OF_FURTHER_HOSTS = 80;

interface RouteScope {
  /** What the names of the scope's routes end in, where the service has more than one scope. */
  readonly suffix: string;
  readonly port: Port;
  readonly match: { readonly port?: number; readonly gateways?: readonly string[] };
}

/**
 * The routes of one service: first whatever carries no header, then a route a member, then the baseline.
 *
 * Envoy tries routes in order. The first one spares baseline traffic the comparison with every member; the last one takes what names a virtual
 * cluster that has no member here (a service miss).
 */
export function buildVirtualService(
  service: Service,
  hosts: { readonly baseline: string; readonly members: string },
  virtualClusters: readonly string[],
): KubernetesResource {
  const http = routeScopes(service).flatMap((scope) => {
    const toBaseline = { destination: { host: hosts.baseline, port: { number: scope.port.number } } };
    const baseline = { name: `${BASELINE_ROUTE}${scope.suffix}`, match: [scope.match], route: [toBaseline] };
    if (virtualClusters.length === 0) return [baseline];
    return [
      {
        name: `${NO_HEADER_ROUTE}${scope.suffix}`,
        match: [{ ...scope.match, withoutHeaders: { [VIRTUAL_CLUSTER_HEADER]: {} } }],
        route: [toBaseline],
      },
      ...virtualClusters.map((virtualCluster) => ({
        name: `${MEMBER_ROUTE}${virtualCluster}${scope.suffix}`,
        match: [{ ...scope.match, headers: { [VIRTUAL_CLUSTER_HEADER]: { exact: virtualCluster } } }],
        route: [{ destination: { host: hosts.members, port: { number: scope.port.number }, subset: virtualCluster } }],
      })),
      baseline,
    ];
  });
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: service.name, namespace: service.namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
    spec: {
      // The members' Service too: a request to it would reach any of them, whatever virtual cluster it belongs to.
      hosts: [hosts.baseline, ...(virtualClusters.length > 0 ? [hosts.members] : []), ...service.hosts],
      ...(service.gateways.length > 0 ? { gateways: [MESH_GATEWAY, ...service.gateways] } : {}),
      http,
    },
  };
}

/**
 * The rules are for the ports that the mesh file names, and no other: a port that the Service has and the file does not stays as it is. Gateways, whose own
 * port numbers are others, lead to the first port. Further hosts are called on port 80 too, whatever the service's port.
 */
function routeScopes(service: Service): readonly RouteScope[] {
  const ports = service.ports.filter((port) => port.protocol !== "tcp");
  const [first] = ports;
  if (first === undefined) return [];
  const gateways = service.gateways.length > 0 ? { gateways: [MESH_GATEWAY] } : {};
  const isFurtherPortNeeded = service.hosts.length > 0 && service.ports.every(({ number }) => number !== PORT_OF_FURTHER_HOSTS);
  const listened = [
    ...ports.map((port) => ({ number: port.number, port })),
    ...(isFurtherPortNeeded ? [{ number: PORT_OF_FURTHER_HOSTS, port: first }] : []),
  ];
  const isOnlyScope = listened.length === 1 && service.gateways.length === 0;
  const inMesh = listened.map(({ number, port }) => ({
    suffix: isOnlyScope ? "" : `/${number}`,
    port,
    match: { port: number, ...gateways },
  }));
  if (service.gateways.length === 0) return inMesh;
  return [...inMesh, { suffix: "/gateway", port: first, match: { gateways: service.gateways } }];
}
