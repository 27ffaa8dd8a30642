import type { Mesh, Service } from "@puggle/model";
import { resourcesOf } from "../baselines.ts";
import { MeshConfigError } from "../errors.ts";
import type { RoutingMode } from "../istio/routing-plan.ts";
import { isDeployment, podLabelsOf, readDeployment } from "../kubernetes/deployment.ts";
import { type KubernetesResource, matchesSelector } from "../kubernetes/resource.ts";
import { compileFor } from "../routing/compile.ts";
import { type RoutingResources, readRoutingResources } from "../routing/istio-resources.ts";
import type { Cluster, MeshProxy, RouteTable } from "../routing/table.ts";
import { workloadsBehind } from "../routing/workloads.ts";
import { defaultAddresses, type EnvoyAddresses, type WorkloadAddress, workloadName } from "./addresses.ts";
import type { Endpoint, FindEndpoints } from "./clusters.ts";
import { buildGateway, buildSidecar } from "./sidecar.ts";

export interface EnvoyOptions {
  /** What else routes: VirtualServices, Services and Deployments of services that are not in the mesh file. Their workloads need addresses too. */
  readonly manifests?: readonly KubernetesResource[];
  /** How requests are led to members, as for Istio. */
  readonly routing?: RoutingMode;
  /** Where everything listens; {@link defaultAddresses} when left out. */
  readonly addresses?: EnvoyAddresses;
}

/** One proxy's whole configuration, as plain data. */
export interface EnvoyConfiguration {
  /** The namespace of the workload; `undefined` for the gateway. */
  readonly namespace: string | undefined;
  /** `<service>`, `<service>-<virtual cluster>` or `gateway`. */
  readonly workload: string;
  readonly configuration: object;
}

/** A client that is in the mesh and is no workload of it: what the gateway routes as. */
const GATEWAY_PROXY: MeshProxy = { kind: "sidecar", namespace: "", labels: {} };

/**
 * The configuration of a plain Envoy for each workload of the mesh, with the routes that its sidecar would get from the generated Istio resources.
 *
 * @throws MeshConfigError `address-missing` where a workload or port has no address.
 */
export function generateEnvoy(mesh: Mesh, options: EnvoyOptions = {}): readonly EnvoyConfiguration[] {
  const addresses = options.addresses ?? defaultAddresses(mesh);
  const resources = readRoutingResources(
    resourcesOf(mesh, { ...options, manifests: withoutBaselines(mesh, options.manifests ?? []) }),
    mesh.clusterDomain,
  );
  const located = new Map(addresses.workloads.map((address) => [`${address.namespace}/${workloadName(address)}`, address]));
  const findEndpoints: FindEndpoints = (cluster) => endpointsOf(cluster, resources, located, addresses);
  const workloads = mesh.services.flatMap((service) => workloadsOf(service, mesh));
  const sidecars = workloads.map(({ service, name }): EnvoyConfiguration => {
    const id = `${service.namespace}/${name}`;
    const address = located.get(id);
    const labels =
      resources.workloads.find(({ reference }) => reference.namespace === service.namespace && reference.name === name)?.labels ?? {};
    if (address === undefined) throw addressMissing(id, "the workload");
    for (const { number } of service.ports) if (address.ports[number] === undefined) throw addressMissing(id, `port ${number}`);
    const table = compileFor(resources, { kind: "sidecar", namespace: service.namespace, labels });
    const outbound = outboundPorts(id, table, address.outbound);
    return {
      namespace: service.namespace,
      workload: name,
      configuration: buildSidecar(id, service, address, table, outbound, findEndpoints),
    };
  });
  if (addresses.gateway === undefined) return sidecars;
  const table = compileFor(resources, GATEWAY_PROXY);
  const gateway = buildGateway(table, addresses.gateway, outboundPorts("gateway", table, addresses.gateway.ports), findEndpoints);
  return [...sidecars, { namespace: undefined, workload: "gateway", configuration: gateway }];
}

/** The baselines are processes with the addresses of their services, whatever their Deployments are called in the cluster. */
function withoutBaselines(mesh: Mesh, manifests: readonly KubernetesResource[]): readonly KubernetesResource[] {
  return manifests.filter((resource) => {
    if (!isDeployment(resource)) return true;
    const labels = podLabelsOf(readDeployment(resource));
    const namespace = resource.metadata.namespace ?? "default";
    return !mesh.services.some((service) => service.namespace === namespace && matchesSelector(service.selector, labels));
  });
}

function workloadsOf(service: Service, mesh: Mesh): readonly { readonly service: Service; readonly name: string }[] {
  const members = mesh.virtualClusters.filter((virtualCluster) =>
    virtualCluster.members.some((member) => member.service === service.name && member.namespace === service.namespace),
  );
  const names = [undefined, ...members.map(({ name }) => name)].map((virtualCluster) =>
    workloadName({ service: service.name, virtualCluster }),
  );
  return names.sort().map((name) => ({ service, name }));
}

/** Where the table's ports are listened on. Port 80 is always in the table, and needs a place only where something is called on it. */
function outboundPorts(id: string, table: RouteTable, listens: Readonly<Record<number, number>>): ReadonlyMap<number, number> {
  const ports = new Map<number, number>();
  for (const { port, virtualHosts } of table.ports) {
    const listened = listens[port];
    if (listened !== undefined) ports.set(port, listened);
    else if (virtualHosts.length > 1) throw addressMissing(id, `calls to port ${port}`);
  }
  return ports;
}

function endpointsOf(
  cluster: Cluster,
  resources: RoutingResources,
  located: ReadonlyMap<string, WorkloadAddress>,
  { externalHosts }: EnvoyAddresses,
): readonly Endpoint[] {
  const { endpoints } = cluster;
  if (endpoints.kind === "external") return [externalHosts?.[endpoints.host] ?? { host: endpoints.host, port: endpoints.port }];
  if (endpoints.kind !== "pods") return [];
  return workloadsBehind(cluster, resources).map(({ reference }) => {
    const id = `${reference.namespace}/${reference.name}`;
    const address = located.get(id);
    const port = address?.ports[cluster.port];
    if (address === undefined || port === undefined) throw addressMissing(id, `port ${cluster.port}`);
    return { host: address.host, port: port.inbound };
  });
}

function addressMissing(id: string, what: string): MeshConfigError {
  return new MeshConfigError("address-missing", `${id}: the addresses do not say where ${what} is; add it to the addresses of ${id}`);
}
