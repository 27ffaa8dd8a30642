import type { Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { type Deployment, isDeployment, podLabelsOf, readDeployment } from "../kubernetes/deployment.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, VERSION_LABEL } from "../kubernetes/labels.ts";
import { groupOf, type KubernetesResource, matchesSelector, referTo } from "../kubernetes/resource.ts";
import { buildHeaderBoundary } from "./header-boundary.ts";
import { buildHeaderStamp } from "./header-stamp.ts";
import { buildMemberDeployment } from "./member-deployment.ts";
import { buildMembersDestinationRule, buildMembersService } from "./members.ts";
import { hostOf, membersServiceName } from "./names.ts";
import { buildVirtualService } from "./virtual-service.ts";

export interface IstioOptions {
  /** What the cluster has already: the baselines' Deployments, from which members are cloned, and the VirtualServices that others own. */
  readonly manifests?: readonly KubernetesResource[];
}

/** What one service needs: its routes, and what its members share and have. */
export interface ServiceResources {
  readonly service: Service;
  readonly routing: readonly KubernetesResource[];
  /** By virtual cluster, in the order of their names. */
  readonly members: ReadonlyMap<string, readonly KubernetesResource[]>;
}

export interface IstioResources {
  readonly services: readonly ServiceResources[];
  /** By namespace. */
  readonly boundaries: ReadonlyMap<string, KubernetesResource>;
}

/**
 * The Istio and Kubernetes objects of a mesh, sorted: the same mesh gives the same objects in the same order.
 *
 * @throws MeshConfigError where a member's image is unknown, or a VirtualService that somebody else owns has the service's host.
 */
export function buildIstioResources(mesh: Mesh, options: IstioOptions = {}): IstioResources {
  const manifests = options.manifests ?? [];
  const membersOf = groupMembers(mesh);
  const baselines = findBaselines(mesh, manifests, membersOf);
  refuseForeignVirtualServices(mesh, manifests);
  const services = [...mesh.services].sort(byNamespaceAndName);
  const externalHosts = [...mesh.externalHosts].sort((a, b) => compare(`${a.host}:${a.port}`, `${b.host}:${b.port}`));
  return {
    services: services.map((service) => buildService(service, mesh, membersOf.get(keyOf(service)) ?? [], baselines.get(keyOf(service)))),
    boundaries: new Map(
      [...new Set(services.map(({ namespace }) => namespace))].map((namespace) => [
        namespace,
        buildHeaderBoundary(namespace, externalHosts),
      ]),
    ),
  };
}

/** The same as one flat list. */
export function generateIstio(mesh: Mesh, options: IstioOptions = {}): readonly KubernetesResource[] {
  const { services, boundaries } = buildIstioResources(mesh, options);
  return [...boundaries.values(), ...services.flatMap(({ routing, members }) => [...routing, ...[...members.values()].flat()])];
}

type MemberOf = {
  readonly virtualCluster: Mesh["virtualClusters"][number];
  readonly member: Mesh["virtualClusters"][number]["members"][number];
};

function buildService(service: Service, mesh: Mesh, members: readonly MemberOf[], baseline: Deployment | undefined): ServiceResources {
  const hosts = {
    baseline: hostOf(service, mesh),
    members: hostOf({ name: membersServiceName(service), namespace: service.namespace }, mesh),
  };
  const names = members.map(({ virtualCluster }) => virtualCluster.name);
  const isRouted = service.ports.some(({ protocol }) => protocol !== "tcp");
  return {
    service,
    routing: [
      ...(isRouted ? [buildVirtualService(service, hosts, names)] : []),
      ...(members.length > 0 ? [buildMembersService(service), buildMembersDestinationRule(service, hosts.members, names)] : []),
    ],
    members: new Map(
      members.map(({ virtualCluster, member }) => [
        virtualCluster.name,
        [buildMemberDeployment(service, virtualCluster, member, baseline), buildHeaderStamp(service, virtualCluster.name)],
      ]),
    ),
  };
}

function groupMembers(mesh: Mesh): ReadonlyMap<string, readonly MemberOf[]> {
  const groups = new Map<string, MemberOf[]>();
  for (const virtualCluster of [...mesh.virtualClusters].sort((a, b) => compare(a.name, b.name))) {
    for (const member of virtualCluster.members) {
      const key = `${member.namespace}/${member.service}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [{ virtualCluster, member }]);
      else group.push({ virtualCluster, member });
    }
  }
  return groups;
}

function findBaselines(
  mesh: Mesh,
  manifests: readonly KubernetesResource[],
  membersOf: ReadonlyMap<string, readonly MemberOf[]>,
): ReadonlyMap<string, Deployment> {
  const byNamespace = new Map<string, Deployment[]>();
  for (const resource of manifests) {
    if (!isDeployment(resource) || isOurs(resource)) continue;
    const namespace = resource.metadata.namespace ?? "default";
    const deployment = readDeployment(resource);
    const group = byNamespace.get(namespace);
    if (group === undefined) byNamespace.set(namespace, [deployment]);
    else group.push(deployment);
  }
  const baselines = new Map<string, Deployment>();
  for (const service of mesh.services) {
    if (!membersOf.has(keyOf(service))) continue;
    const candidates = (byNamespace.get(service.namespace) ?? []).filter((deployment) => {
      const labels = podLabelsOf(deployment);
      return matchesSelector(service.selector, labels) && (labels[VERSION_LABEL] ?? service.baselineVersion) === service.baselineVersion;
    });
    const chosen = candidates.length === 1 ? candidates[0] : candidates.find(({ metadata }) => metadata.name === service.name);
    if (chosen !== undefined) baselines.set(keyOf(service), chosen);
    else if (candidates.length > 1) {
      throw new MeshConfigError(
        "ambiguous-baseline",
        `service ${keyOf(service)}: its selector matches the Deployments ${candidates.map(({ metadata }) => metadata.name).join(", ")}; make the selector in the mesh file narrower, so that one is left`,
      );
    }
  }
  return baselines;
}

/** Sidecars drop the second VirtualService of a host without a word, so ours and somebody else's can not both stand. */
function refuseForeignVirtualServices(mesh: Mesh, manifests: readonly KubernetesResource[]): void {
  const owners = new Map<string, Service>();
  for (const service of mesh.services) {
    if (service.ports.every(({ protocol }) => protocol === "tcp")) continue;
    for (const host of [hostOf(service, mesh), ...service.hosts]) owners.set(host, service);
  }
  for (const resource of manifests) {
    if (resource.kind !== "VirtualService" || groupOf(resource) !== "networking.istio.io" || isOurs(resource)) continue;
    const namespace = resource.metadata.namespace ?? "default";
    const hosts = (resource.spec as { readonly hosts?: unknown } | undefined)?.hosts;
    for (const host of Array.isArray(hosts) ? hosts : []) {
      const full = typeof host === "string" && !host.includes(".") ? hostOf({ name: host, namespace }, mesh) : host;
      const service = owners.get(full);
      if (service === undefined) continue;
      throw new MeshConfigError(
        "virtual-service-exists",
        `has the host ${full} of service ${keyOf(service)}, and a sidecar takes only one VirtualService a host; remove it in favour of the generated one, or leave the service out of the mesh file`,
        referTo(resource),
      );
    }
  }
}

function isOurs(resource: KubernetesResource): boolean {
  return resource.metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
}

function keyOf(service: Pick<Service, "namespace" | "name">): string {
  return `${service.namespace}/${service.name}`;
}

function byNamespaceAndName(a: Service, b: Service): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
