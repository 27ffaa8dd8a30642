import type { KubernetesService, RoutingResources, ServiceEntry } from "./istio-resources.ts";
import type { Cluster, ClusterEndpoints } from "./table.ts";

/** A host that the mesh knows, with the ports on which it speaks HTTP. */
export interface RegisteredHost {
  readonly host: string;
  readonly namespace: string;
  readonly ports: readonly { readonly number: number; readonly protocol: Cluster["protocol"] }[];
  readonly endpoints: (port: number) => ClusterEndpoints;
  /** Kubernetes Services have short names, hosts of a ServiceEntry have none. */
  readonly hasShortNames: boolean;
  /** Further names that lead here: a Service's address, and the pods of a headless one. */
  readonly aliases: readonly string[];
}

export type Registry = ReadonlyMap<string, RegisteredHost>;

/** Every Service and ServiceEntry by its full host name; the first of a name counts. */
export function buildRegistry(resources: RoutingResources): Registry {
  const registry = new Map<string, RegisteredHost>();
  for (const service of resources.services) {
    const registered = registerService(service, resources.clusterDomain);
    if (!registry.has(registered.host)) registry.set(registered.host, registered);
  }
  for (const entry of resources.serviceEntries) {
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
    aliases: spec.clusterIP === "None" ? [`*.${host}`] : spec.clusterIP === undefined ? [] : [spec.clusterIP],
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
    aliases: [],
  }));
}

/** Istio's protocol selection: `appProtocol`, else the part of the port's name before the first `-`; a name that says nothing is sniffed, and taken as HTTP here. */
function protocolOf(nameOrProtocol: string): Cluster["protocol"] {
  const [protocol = ""] = nameOrProtocol.toLowerCase().split("-");
  if (protocol === "grpc" || protocol === "http2") return protocol;
  return ["tcp", "tls", "https", "mongo", "mysql", "redis", "udp"].includes(protocol) ? "tcp" : "http";
}
