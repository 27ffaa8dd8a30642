import { type Port, type Service, VIRTUAL_CLUSTER_HEADER } from "@puggle/model";
import { MANAGED_BY, MANAGED_BY_LABEL } from "../kubernetes/labels.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";

/** The name of a route of Puggle's begins with this. */
const ROUTE_NAME_PREFIX = "puggle/";

const MESH_GATEWAY = "mesh";

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
    const baseline = { name: `${ROUTE_NAME_PREFIX}baseline${scope.suffix}`, ...matchOf(scope), route: [toBaseline] };
    if (virtualClusters.length === 0) return [baseline];
    return [
      {
        name: `${ROUTE_NAME_PREFIX}no-virtual-cluster${scope.suffix}`,
        match: [{ ...scope.match, withoutHeaders: { [VIRTUAL_CLUSTER_HEADER]: {} } }],
        route: [toBaseline],
      },
      ...virtualClusters.map((virtualCluster) => ({
        name: `${ROUTE_NAME_PREFIX}${virtualCluster}${scope.suffix}`,
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

function matchOf(scope: RouteScope) {
  return Object.keys(scope.match).length > 0 ? { match: [scope.match] } : {};
}

/**
 * A service with one HTTP port needs no word of ports. With several, a destination must name its own: one scope a port inside the mesh, and one for
 * the gateways (whose own port numbers are others), which lead to the first port.
 */
function routeScopes(service: Service): readonly RouteScope[] {
  const ports = service.ports.filter((port) => port.protocol !== "tcp");
  const [first] = ports;
  if (first === undefined) return [];
  if (ports.length === 1 && service.ports.length === 1) return [{ suffix: "", port: first, match: {} }];
  const inMesh = ports.map((port) => ({
    suffix: `/${port.number}`,
    port,
    match: { port: port.number, ...(service.gateways.length > 0 ? { gateways: [MESH_GATEWAY] } : {}) },
  }));
  if (service.gateways.length === 0) return inMesh;
  return [...inMesh, { suffix: "/gateway", port: first, match: { gateways: service.gateways } }];
}
