import type { ClusterTable } from "./clusters.ts";
import type { FilterEffects } from "./envoy-filters.ts";
import type { RoutingResources } from "./istio-resources.ts";
import type { DestinationSpec } from "./rules/schema.ts";
import type { SidecarScope } from "./sidecar-scope.ts";
import type { MeshProxy, Unread } from "./table.ts";

/** What the steps of one compilation share. */
export interface Compilation {
  readonly resources: RoutingResources;
  readonly proxy: MeshProxy;
  readonly scope: SidecarScope;
  readonly clusters: ClusterTable;
  readonly filters: FilterEffects;
  /** Grows as fields are met that are not compiled. */
  readonly unread: Unread[];
}

/** The name of the cluster that a rule's destination leads to. */
export type DestinationLookup = (destination: DestinationSpec) => string;

/** Istio's own namespace: what stands there is for every other. */
export const ROOT_NAMESPACE = "istio-system";

/** What a VirtualService is bound to for sidecars, and where it names no gateway. */
export const MESH_GATEWAY = "mesh";

export function qualifyGateway(gateway: string, namespace: string): string {
  return gateway === MESH_GATEWAY || gateway.includes("/") ? gateway : `${namespace}/${gateway}`;
}
