import type { KubernetesService, RoutingResources, ServiceEntry } from "./istio-resources.ts";
import type { Cluster, ClusterEndpoints } from "./table.ts";
import { exportsOfService, visibilityFrom } from "./visibility.ts";

/** A host that the mesh knows, with the ports on which it speaks HTTP. */
export interface RegisteredHost {
  readonly host: string;
  readonly namespace: string;
  readonly ports: readonly { readonly number: number; readonly protocol: Cluster["protocol"] }[];
  readonly endpoints: (port: number) => ClusterEndpoints;
  /** Kubernetes Services have short names, hosts of a ServiceEntry have none. */
  readonly hasShortNames: boolean;
  /** Do names of its pods lead here too? */
  readonly isHeadless: boolean;
  /** Addresses that lead here. */
  readonly addresses: readonly string[];
}

export type Registry = ReadonlyMap<string, RegisteredHost>;

/** Every Service and ServiceEntry that a namespace sees, by its full host name; the first of a name counts. */
export function buildRegistry(resources: RoutingResources, namespace: string): Registry {
  const registry = new Map<string, RegisteredHost>();
  const isVisible = (ownNamespace: string, exportTo: readonly string[] | undefined) =>
    visibilityFrom(namespace, { exportTo, ownNamespace }) !== undefined;
  for (const service of resources.services) {
    if (!isVisible(service.reference.namespace, exportsOfService(service.annotations))) continue;
    const registered = registerService(service, resources.clusterDomain);
    if (!registry.has(registered.host)) registry.set(registered.host, registered);
  }
  for (const entry of resources.serviceEntries) {
    if (!isVisible(entry.reference.namespace, entry.spec.exportTo)) continue;
    for (const registered of registerServiceEntry(entry)) if (!registry.has(registered.host)) registry.set(registered.host, registered);
  }
  return registry;
}

/** Istio completes a name without a dot with the namespace of the rule that it stands in, and leaves every other as it is. */
export function resolveHost(host: string, namespace: string, clusterDomain: string): string {
  return host.includes(".") || host === "*" ? host.toLowerCase() : `${host.toLowerCase()}.${namespace}.svc.${clusterDomain}`;
}

function registerService({ reference, spec }: KubernetesService, clusterDomain: string): RegisteredHost {
  const host = `${reference.name}.${reference.namespace}.svc.${clusterDomain}`;
  return {
    host,
    namespace: reference.namespace,
    ports: spec.ports.map(({ port, name, appProtocol }) => ({ number: port, protocol: protocolOf(appProtocol ?? name ?? "") })),
    endpoints: () =>
      Object.keys(spec.selector).length === 0
        ? { kind: "unknown", why: `Service ${reference.namespace}/${reference.name} has no selector: its endpoints are set by hand` }
        : { kind: "pods", namespace: reference.namespace, labels: spec.selector },
    hasShortNames: true,
    isHeadless: spec.clusterIP === "None",
    addresses: spec.clusterIP === undefined || spec.clusterIP === "None" ? [] : [spec.clusterIP],
  };
}

function registerServiceEntry({ reference, spec }: ServiceEntry): readonly RegisteredHost[] {
  return spec.hosts.map((host) => ({
    host: host.toLowerCase(),
    namespace: reference.namespace,
    ports: spec.ports.map(({ number, protocol }) => ({ number, protocol: protocolOf(protocol) })),
    endpoints: (port) =>
      spec.location === "MESH_INTERNAL"
        ? {
            kind: "unknown",
            why: `ServiceEntry ${reference.namespace}/${reference.name} puts it inside the mesh, at addresses that are not looked at`,
          }
        : { kind: "external", host: host.toLowerCase(), port },
    hasShortNames: false,
    isHeadless: false,
    addresses: [],
  }));
}

/** Istio's protocol selection: `appProtocol`, else the part of the port's name before the first `-`; a name that says nothing is sniffed, and taken as HTTP here. */
function protocolOf(nameOrProtocol: string): Cluster["protocol"] {
  const [protocol = ""] = nameOrProtocol.toLowerCase().split("-");
  if (protocol === "grpc" || protocol === "http2") return protocol;
  return ["tcp", "tls", "https", "mongo", "mysql", "redis", "udp"].includes(protocol) ? "tcp" : "http";
}
