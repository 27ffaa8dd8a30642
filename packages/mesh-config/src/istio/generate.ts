import type { Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { podLabelsOf, readDeployment } from "../kubernetes/deployment.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { type Baseline, findBaseline } from "./baselines.ts";
import { type ClusterState, readClusterState } from "./cluster-state.ts";
import { refuseForeignRoutes, refuseToOverwrite } from "./conflicts.ts";
import { buildHeaderBoundary } from "./header-boundary.ts";
import { buildHeaderStamp } from "./header-stamp.ts";
import { buildMemberDeployment } from "./member-deployment.ts";
import { PodSelectors } from "./member-labels.ts";
import { buildMembersDestinationRule, buildMembersService } from "./members.ts";
import { hostOf, membersServiceName } from "./names.ts";
import { TrafficPolicies } from "./traffic-policies.ts";
import { buildVirtualService } from "./virtual-service.ts";

export interface IstioOptions {
  /** What the cluster has already: Services, Deployments from which members are cloned, VirtualServices and whatever else stands in one namespace with them. */
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
 * @throws MeshConfigError where a member's image is unknown, or what is to be made would clash with what the manifests have.
 */
export function buildIstioResources(mesh: Mesh, options: IstioOptions = {}): IstioResources {
  const cluster = readClusterState(options.manifests ?? [], mesh.clusterDomain);
  const membersOf = groupMembers(mesh);
  const baselines = [...mesh.services]
    .sort(byNamespaceAndName)
    .map((service) => findBaseline(service, cluster, membersOf.has(keyOf(service))));
  const known = baselines.map(({ service }) => service);
  const selectors = new PodSelectors(known, cluster);
  const policies = new TrafficPolicies({ destinationRules: cluster.destinationRules, clusterDomain: mesh.clusterDomain });
  const services = baselines.map((baseline) =>
    buildService(baseline, mesh, membersOf.get(keyOf(baseline.service)) ?? [], { selectors, policies }),
  );
  const routed = services.filter(({ routing }) => routing.length > 0).map(({ service }) => service);
  refuseForeignRoutes(routed, mesh, cluster);
  const externalHosts = externalHostsOf(mesh, cluster);
  const namespaces = [...new Set(known.map(({ namespace }) => namespace))];
  const resources = {
    services,
    boundaries: new Map(namespaces.map((namespace) => [namespace, buildHeaderBoundary(namespace, externalHosts)])),
  };
  refuseToOverwrite(flatten(resources), cluster);
  return resources;
}

/** The same as one flat list. */
export function generateIstio(mesh: Mesh, options: IstioOptions = {}): readonly KubernetesResource[] {
  return flatten(buildIstioResources(mesh, options));
}

function flatten({ services, boundaries }: IstioResources): readonly KubernetesResource[] {
  return [...boundaries.values(), ...services.flatMap(({ routing, members }) => [...routing, ...[...members.values()].flat()])];
}

interface MemberOf {
  readonly virtualCluster: Mesh["virtualClusters"][number];
  readonly member: Mesh["virtualClusters"][number]["members"][number];
}

function buildService(
  { service, deployment }: Baseline,
  mesh: Mesh,
  members: readonly MemberOf[],
  { selectors, policies }: { readonly selectors: PodSelectors; readonly policies: TrafficPolicies },
): ServiceResources {
  const names = members.map(({ virtualCluster }) => virtualCluster.name);
  const [first] = names;
  if (first !== undefined && !speaksHttp(service)) {
    throw new MeshConfigError(
      "unroutable-member",
      `${keyOf(service)} in virtual cluster ${first}: the service has no port that speaks HTTP, so no header can lead a request to the member; take it out of the virtual cluster`,
    );
  }
  const hosts = {
    baseline: hostOf(service, mesh),
    members: hostOf({ name: membersServiceName(service), namespace: service.namespace }, mesh),
  };
  const policy = policies.find(hosts.baseline, service.namespace);
  // Its further hosts and gateways must not come and go with its first and last member; without any, a service needs no word of ours.
  const isRouted = speaksHttp(service) && (members.length > 0 || service.hosts.length > 0 || service.gateways.length > 0);
  return {
    service,
    routing: [
      ...(isRouted ? [buildVirtualService(service, hosts, names)] : []),
      ...(members.length > 0
        ? [buildMembersService(service), buildMembersDestinationRule(service, hosts.members, { virtualClusters: names, policy })]
        : []),
    ],
    members: new Map(
      members.map(({ virtualCluster, member }) => {
        const built = buildMemberDeployment(service, virtualCluster, member, deployment, selectors);
        selectors.refuseIfSelected(service, virtualCluster, podLabelsOf(readDeployment(built)));
        return [virtualCluster.name, [built, buildHeaderStamp(service, virtualCluster.name)]];
      }),
    ),
  };
}

function speaksHttp({ ports }: Service): boolean {
  return ports.some(({ protocol }) => protocol !== "tcp");
}

/** The mesh file's, and those of the ServiceEntries among the manifests. */
function externalHostsOf(mesh: Mesh, cluster: ClusterState): Mesh["externalHosts"] {
  const byName = new Map(
    [...mesh.externalHosts, ...cluster.externalHosts].map((external) => [`${external.host}:${external.port}`, external]),
  );
  return [...byName].sort(([a], [b]) => compare(a, b)).map(([, external]) => external);
}

function groupMembers(mesh: Mesh): ReadonlyMap<string, readonly MemberOf[]> {
  const sorted = [...mesh.virtualClusters].sort((a, b) => compare(a.name, b.name));
  const members = sorted.flatMap((virtualCluster) => virtualCluster.members.map((member) => ({ virtualCluster, member })));
  return Map.groupBy(members, ({ member }) => `${member.namespace}/${member.service}`);
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
