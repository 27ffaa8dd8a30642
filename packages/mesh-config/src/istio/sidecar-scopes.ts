import type { ExternalHost, Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, SERVICE_LABEL } from "../kubernetes/labels.ts";
import { type KubernetesResource, type Labels, matchesSelector } from "../kubernetes/resource.ts";
import type { ClusterState } from "./cluster-state.ts";
import { hostOf, membersServiceName } from "./names.ts";

interface Surroundings {
  readonly mesh: Mesh;
  readonly cluster: ClusterState;
  readonly externalHosts: readonly ExternalHost[];
  /** Has a service, by namespace and name, members? */
  readonly hasMembers: (id: string) => boolean;
}

/**
 * What the sidecars of a service are told of, where the mesh file says what it calls: those services with their members, and hosts outside. A sidecar keeps some 30 KB
 * for each member that it knows of, whether it calls it or not.
 *
 * @throws MeshConfigError `sidecar-exists` where somebody else's Sidecar is for the same pods: only the older of the two would count
 */
export function buildSidecarScopes(
  service: Service,
  { mesh, cluster, externalHosts, hasMembers }: Surroundings,
): readonly KubernetesResource[] {
  const { calls, name, namespace, selector } = service;
  if (calls === undefined) return [];
  const theirs = cluster.sidecars.find(
    ({ reference, spec }) =>
      reference.namespace === namespace && spec.workloadSelector !== undefined && matchesSelector(spec.workloadSelector.labels, selector),
  );
  if (theirs !== undefined) {
    const why = `says already what the sidecars of ${namespace}/${name} are told of, and of two only the older counts; remove it, or \`calls\` of the service in the mesh file`;
    throw new MeshConfigError("sidecar-exists", why, theirs.reference);
  }
  const called = mesh.services.filter((one) => calls.includes(`${one.namespace}/${one.name}`));
  const hosts = [
    ...called.flatMap((one) => [
      hostOf(one, mesh),
      ...(hasMembers(`${one.namespace}/${one.name}`) ? [hostOf({ ...one, name: membersServiceName(one) }, mesh)] : []),
      ...one.hosts,
    ]),
    ...externalHosts.map(({ host }) => host),
  ];
  const egress = hosts.length === 0 ? ["~/*"] : [...new Set(hosts)].map((host) => `*/${host}`);
  const ofMembers = { [SERVICE_LABEL]: name };
  return [
    sidecar(name, namespace, selector, egress),
    ...(hasMembers(`${namespace}/${name}`) ? [sidecar(membersServiceName(service), namespace, ofMembers, egress)] : []),
  ];
}

function sidecar(name: string, namespace: string, labels: Labels, hosts: readonly string[]): KubernetesResource {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name, namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
    spec: { workloadSelector: { labels }, egress: [{ hosts }] },
  };
}
