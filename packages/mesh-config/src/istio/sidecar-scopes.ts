import type { ExternalHost, Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { podLabelsOf, readDeployment } from "../kubernetes/deployment.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, SERVICE_LABEL } from "../kubernetes/labels.ts";
import { type KubernetesResource, type Labels, matchesSelector } from "../kubernetes/resource.ts";
import { takesIn } from "../routing/bound-virtual-services.ts";
import { ROOT_NAMESPACE } from "../routing/compilation.ts";
import type { Sidecar } from "../routing/istio-resources.ts";
import { resolveHost } from "../routing/registry.ts";
import { destinationPorts } from "../routing/sidecar-scope.ts";
import type { ClusterState } from "./cluster-state.ts";
import { hostOf, membersServiceName } from "./names.ts";

/** A VirtualService of somebody else's, by full host names. */
export interface Lead {
  readonly hosts: readonly string[];
  readonly destinations: ReadonlySet<string>;
}

interface Surroundings {
  readonly mesh: Mesh;
  readonly cluster: ClusterState;
  readonly leads: readonly Lead[];
  readonly externalHosts: readonly ExternalHost[];
  /** Has a service, by namespace and name, members? */
  readonly hasMembers: (id: string) => boolean;
}

/** A service, and the labels of the pods that its sidecars stand beside. */
interface Caller {
  readonly service: Service;
  readonly baselineLabels: Labels;
  readonly members: readonly KubernetesResource[];
}

/**
 * What the sidecars of a service are told of, where the mesh file says what it calls: those services and itself, with their members and the hosts by which other people's
 * VirtualServices lead to them, and every host of a ServiceEntry. A sidecar keeps some 30 KB for each member that it knows of, whether it calls it or not.
 *
 * What a Sidecar for the whole namespace or mesh says beside that, such as what becomes of hosts that nobody knows, holds on.
 *
 * @throws MeshConfigError `sidecar-exists` where another Sidecar is for the same pods: only the older of the two would count
 */
export function buildSidecarScopes(caller: Caller, surroundings: Surroundings): readonly KubernetesResource[] {
  const { service, members } = caller;
  const { calls, name, namespace, selector } = service;
  if (calls === undefined) return [];
  refuseSecondSidecar(caller, surroundings);
  const hosts = hostsFor(service, calls, surroundings).map((host) => `*/${host}`);
  const spec = { ...inherited(surroundings.cluster.sidecars, namespace), egress: [{ hosts: [...new Set(hosts)] }] };
  return [
    sidecar(name, namespace, { workloadSelector: { labels: selector }, ...spec }),
    ...(members.length > 0
      ? [sidecar(membersServiceName(service), namespace, { workloadSelector: { labels: { [SERVICE_LABEL]: name } }, ...spec })]
      : []),
  ];
}

function refuseSecondSidecar({ service, baselineLabels, members }: Caller, { mesh, cluster }: Surroundings): void {
  const { name, namespace, selector } = service;
  const pods = [baselineLabels, selector, ...members.map((member) => podLabelsOf(readDeployment(member)))];
  const theirs = cluster.sidecars.find(
    ({ reference, spec }) =>
      reference.namespace === namespace &&
      pods.some((labels) => spec.workloadSelector !== undefined && matchesSelector(spec.workloadSelector.labels, labels)),
  );
  if (theirs !== undefined) {
    const why = `says already what the sidecars of ${namespace}/${name} are told of, and of two only the older counts; remove it, or \`calls\` of the service in the mesh file`;
    throw new MeshConfigError("sidecar-exists", why, theirs.reference);
  }
  const twin = mesh.services.find(
    (other) =>
      other.namespace === namespace && other.name !== name && other.calls !== undefined && matchesSelector(other.selector, baselineLabels),
  );
  if (twin === undefined) return;
  const why = `${namespace}/${name} and ${namespace}/${twin.name} are the same pods by their labels, and both say what they call; say it of one of them, for both`;
  throw new MeshConfigError("sidecar-exists", why);
}

/** What the Sidecar that held for these pods before says of anything but what they call. */
function inherited(sidecars: readonly Sidecar[], namespace: string): object {
  const isForAll = ({ reference, spec }: Sidecar, owner: string) => reference.namespace === owner && spec.workloadSelector === undefined;
  const before = sidecars.find((one) => isForAll(one, namespace)) ?? sidecars.find((one) => isForAll(one, ROOT_NAMESPACE));
  const { egress: _egress, workloadSelector: _selector, ...rest } = before?.spec ?? {};
  return rest;
}

function hostsFor(
  service: Service,
  calls: readonly string[],
  { mesh, cluster, leads, externalHosts, hasMembers }: Surroundings,
): readonly string[] {
  const idOf = (one: Service) => `${one.namespace}/${one.name}`;
  const called = mesh.services.filter((one) => [idOf(service), ...calls].includes(idOf(one)));
  const own = called.flatMap((one) => [hostOf(one, mesh), ...one.hosts]);
  const leading = leads.filter((lead) => concerns(lead, own));
  const ledTo = new Set(leading.flatMap(({ destinations }) => [...destinations]));
  const withMembers = mesh.services.filter((one) => hasMembers(idOf(one)) && (called.includes(one) || ledTo.has(hostOf(one, mesh))));
  return [
    ...own,
    ...withMembers.map((one) => hostOf({ ...one, name: membersServiceName(one) }, mesh)),
    ...leading.flatMap(({ hosts }) => hosts),
    ...externalHosts.map(({ host }) => host),
    ...cluster.serviceEntryHosts,
  ];
}

/** By which hosts other people's VirtualServices are asked for, and to which they lead: read once for all services. */
export function readLeads({ virtualServices }: ClusterState, clusterDomain: string): readonly Lead[] {
  return virtualServices.map((one) => {
    const hosts = one.spec.hosts.map((host) => resolveHost(host, one.reference.namespace, clusterDomain));
    return { hosts: hosts.filter((host) => host !== "*"), destinations: new Set(destinationPorts([one], clusterDomain).keys()) };
  });
}

/** Has it one of these hosts, or does it lead to one? */
function concerns({ hosts, destinations }: Lead, own: readonly string[]): boolean {
  return own.some((host) => destinations.has(host) || hosts.some((one) => takesIn(one, host)));
}

function sidecar(name: string, namespace: string, spec: object): KubernetesResource {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name, namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
    spec,
  };
}
