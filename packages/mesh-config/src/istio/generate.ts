import type { Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { podLabelsOf, readDeployment } from "../kubernetes/deployment.ts";
import { type KubernetesResource, type Labels, lastOfEach } from "../kubernetes/resource.ts";
import { readRoutingResources } from "../routing/istio-resources.ts";
import { type Baseline, findBaseline } from "./baselines.ts";
import { type ClusterState, readClusterState } from "./cluster-state.ts";
import { refuseForeignRoutes, refuseToOverwrite } from "./conflicts.ts";
import { describeBaselines } from "./described-baselines.ts";
import { buildHeaderBoundary } from "./header-boundary.ts";
import { buildHeaderStamp, type StampKind } from "./header-stamp.ts";
import { WaysToServices } from "./matcher-targets.ts";
import { buildMemberDeployment } from "./member-deployment.ts";
import { PodSelectors } from "./member-labels.ts";
import { buildMemberMatcher } from "./member-matcher.ts";
import { buildMembersDestinationRule, buildMembersService } from "./members.ts";
import { hostOf, membersServiceName } from "./names.ts";
import { planRouting, type RoutingMode, type RoutingPlan } from "./routing-plan.ts";
import { buildSidecarScopes, type Lead, readLeads } from "./sidecar-scopes.ts";
import { TrafficPolicies } from "./traffic-policies.ts";
import { buildVirtualService } from "./virtual-service.ts";

export interface IstioOptions {
  /** How requests are led to members; for each service what fits it best where left out. */
  readonly routing?: RoutingMode;
  /** By what members' sidecars are told to stamp; `EnvoyFilter` where left out. A `TrafficExtension` needs Istio 1.30. */
  readonly stamp?: StampKind;
  /** What the cluster has already: Services, Deployments from which members are cloned, VirtualServices and whatever else stands in one namespace with them. */
  readonly manifests?: readonly KubernetesResource[];
}

/** What one service needs: its routes, and what its members share and have. */
export interface ServiceResources {
  readonly service: Service;
  /** Of its pods, by the Deployment where that is known, else by what the Service selects. */
  readonly baselineLabels: Labels;
  /** How requests are led to its members; `undefined` where it has none. */
  readonly plan: RoutingPlan | undefined;
  readonly routing: readonly KubernetesResource[];
  /** By virtual cluster, in the order of their names. */
  readonly members: ReadonlyMap<string, readonly KubernetesResource[]>;
}

export interface IstioResources {
  readonly services: readonly ServiceResources[];
  /** What takes the header off for the whole mesh; `undefined` where there is no service. */
  readonly boundary: KubernetesResource | undefined;
}

/** What was built last of a mesh: files, warnings and plans are all asked for one after the other. */
const lastBuilt = new WeakMap<Mesh, { readonly options: IstioOptions; readonly resources: IstioResources }>();

/**
 * The Istio and Kubernetes objects of a mesh, sorted: the same mesh gives the same objects in the same order.
 *
 * @throws MeshConfigError where a member's image is unknown, or what is to be made would clash with what the manifests have.
 */
export function buildIstioResources(mesh: Mesh, options: IstioOptions = {}): IstioResources {
  const last = lastBuilt.get(mesh);
  if (
    last !== undefined &&
    last.options.manifests === options.manifests &&
    last.options.routing === options.routing &&
    last.options.stamp === options.stamp
  )
    return last.resources;
  const resources = build(mesh, options);
  lastBuilt.set(mesh, { options, resources });
  return resources;
}

function build(mesh: Mesh, options: IstioOptions): IstioResources {
  const cluster = readClusterState(options.manifests ?? [], mesh.clusterDomain);
  const membersOf = groupMembers(mesh);
  const baselines = [...mesh.services]
    .sort(byNamespaceAndName)
    .map((service) => findBaseline(service, cluster, membersOf.has(keyOf(service))));
  const known = baselines.map(({ service }) => service);
  const selectors = new PodSelectors(known, cluster);
  const policies = new TrafficPolicies({ destinationRules: cluster.destinationRules, clusterDomain: mesh.clusterDomain });
  const externalHosts = externalHostsOf(mesh, cluster);
  const hasMembers = (id: string) => membersOf.has(id);
  const surroundings = {
    mesh,
    cluster,
    leads: readLeads(cluster, mesh.clusterDomain),
    externalHosts,
    hasMembers,
    selectors,
    policies,
    ways: findWays(mesh, cluster),
    wanted: options.routing,
    stamp: options.stamp,
  };
  const services = baselines.map((baseline) => buildService(baseline, membersOf.get(keyOf(baseline.service)) ?? [], surroundings));
  const owning = services.filter(({ routing }) => routing.some(({ kind }) => kind === "VirtualService"));
  refuseForeignRoutes(
    owning.map(({ service }) => service),
    mesh,
    cluster,
  );
  const resources = { services, boundary: services.length === 0 ? undefined : buildHeaderBoundary(externalHosts) };
  refuseToOverwrite(flatten(resources), cluster);
  return resources;
}

/** The same as one flat list. */
export function generateIstio(mesh: Mesh, options: IstioOptions = {}): readonly KubernetesResource[] {
  return flatten(buildIstioResources(mesh, options));
}

function flatten({ services, boundary }: IstioResources): readonly KubernetesResource[] {
  return [
    ...(boundary === undefined ? [] : [boundary]),
    ...services.flatMap(({ routing, members }) => [...routing, ...[...members.values()].flat()]),
  ];
}

interface MemberOf {
  readonly virtualCluster: Mesh["virtualClusters"][number];
  readonly member: Mesh["virtualClusters"][number]["members"][number];
}

interface Surroundings {
  readonly mesh: Mesh;
  readonly cluster: ClusterState;
  readonly leads: readonly Lead[];
  readonly externalHosts: Mesh["externalHosts"];
  readonly hasMembers: (id: string) => boolean;
  readonly selectors: PodSelectors;
  readonly policies: TrafficPolicies;
  readonly ways: WaysToServices | undefined;
  readonly wanted: RoutingMode | undefined;
  readonly stamp: StampKind | undefined;
}

/** `undefined` where nobody has written routes, so that each service has its own only. */
function findWays(mesh: Mesh, { virtualServices, foreign }: ClusterState): WaysToServices | undefined {
  if (virtualServices.length === 0) return undefined;
  return new WaysToServices(readRoutingResources(lastOfEach([...describeBaselines(mesh), ...foreign]), mesh.clusterDomain));
}

function buildService({ service, deployment }: Baseline, members: readonly MemberOf[], surroundings: Surroundings): ServiceResources {
  const { selectors, mesh } = surroundings;
  const { memberRequests } = mesh;
  const names = members.map(({ virtualCluster }) => virtualCluster.name);
  const [first] = names;
  if (first !== undefined && !speaksHttp(service)) {
    throw new MeshConfigError(
      "unroutable-member",
      `${keyOf(service)} in virtual cluster ${first}: the service has no port that speaks HTTP, so no header can lead a request to the member; take it out of the virtual cluster`,
    );
  }
  const { plan, routing } = buildRouting(service, names, surroundings);
  const deployments = members.map(({ virtualCluster, member }) => {
    const built = buildMemberDeployment(service, virtualCluster, member, deployment, { selectors, memberRequests });
    selectors.refuseIfSelected(service, virtualCluster, podLabelsOf(readDeployment(built)));
    return [virtualCluster.name, built] as const;
  });
  const baselineLabels = deployment === undefined ? service.selector : podLabelsOf(deployment);
  const scopes = buildSidecarScopes({ service, baselineLabels, members: deployments.map(([, built]) => built) }, surroundings);
  return {
    service,
    baselineLabels,
    plan,
    routing: [...routing, ...scopes],
    members: new Map(deployments.map(([name, built]) => [name, [built, buildHeaderStamp(service, name, surroundings.stamp)]])),
  };
}

function buildRouting(
  service: Service,
  names: readonly string[],
  { mesh, cluster, policies, ways, wanted }: Surroundings,
): Pick<ServiceResources, "plan" | "routing"> {
  const hosts = {
    baseline: hostOf(service, mesh),
    members: hostOf({ name: membersServiceName(service), namespace: service.namespace }, mesh),
  };
  if (names.length === 0) {
    // Its further hosts and gateways must not come and go with its first and last member; without any, a service needs no word of ours.
    const isRouted = speaksHttp(service) && (service.hosts.length > 0 || service.gateways.length > 0);
    return { plan: undefined, routing: isRouted ? [buildVirtualService(service, hosts, names)] : [] };
  }
  const plan = planRouting({
    service,
    host: hosts.baseline,
    membersHost: hosts.members,
    sidecars: cluster.sidecars,
    members: names.length,
    ways,
    wanted,
  });
  const policy = policies.find(hosts.baseline, service.namespace);
  const routes =
    plan.mode === "copy" ? buildVirtualService(service, hosts, names) : buildMemberMatcher(service, hosts, names, plan.targets);
  return {
    plan,
    routing: [
      routes,
      buildMembersService(service),
      buildMembersDestinationRule(service, hosts.members, { virtualClusters: names, policy }),
    ],
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

/** How requests are led to the members of one service, and why so. */
export interface ServiceRouting extends Omit<RoutingPlan, "targets"> {
  readonly namespace: string;
  readonly service: string;
}

/**
 * Says how each service that has members is routed, sorted by namespace and name.
 *
 * @throws MeshConfigError as {@link generateIstio} does
 */
export function describeRouting(mesh: Mesh, options: IstioOptions = {}): readonly ServiceRouting[] {
  return buildIstioResources(mesh, options).services.flatMap(({ service, plan }) => {
    if (plan === undefined) return [];
    const { targets: _targets, ...routing } = plan;
    return [{ namespace: service.namespace, service: service.name, ...routing }];
  });
}
