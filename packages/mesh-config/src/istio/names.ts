import { MEMBERS_SUFFIX, type Mesh, type Service, type VirtualCluster } from "@puggle/model";

/** `cart.shop.svc.cluster.local`: Istio resolves anything shorter against the namespace of the rule, so only full names are written. */
export function hostOf(service: Pick<Service, "name" | "namespace">, mesh: Pick<Mesh, "clusterDomain">): string {
  return `${service.name}.${service.namespace}.svc.${mesh.clusterDomain}`;
}

/** The Service through which all members of a service are reached. */
export function membersServiceName(service: Pick<Service, "name">): string {
  return `${service.name}${MEMBERS_SUFFIX}`;
}

/** The name of a member's Deployment, and of its other objects. */
export function memberName(service: string, virtualCluster: Pick<VirtualCluster, "name">): string {
  return `${service}-${virtualCluster.name}`;
}
