import { formatReference } from "../kubernetes/resource.ts";
import { bindVirtualServices } from "./bound-virtual-services.ts";
import { clusterName, parseClusterName } from "./cluster-names.ts";
import { MESH_GATEWAY } from "./compilation.ts";
import { DestinationRuleTable, type MergedRule } from "./destination-rules.ts";
import type { RoutingResources } from "./istio-resources.ts";
import { buildRegistry, type RegisteredHost, type Registry, resolveHost } from "./registry.ts";
import { compileHashPolicies } from "./rules/hash-policies.ts";
import type { DestinationSpec } from "./rules/schema.ts";
import { destinationPorts, portsLearnt, type SidecarScope } from "./sidecar-scope.ts";
import type { Cluster, ClusterEndpoints, HashPolicy, MeshProxy } from "./table.ts";

export const PASSTHROUGH_CLUSTER = "PassthroughCluster";
const BLACK_HOLE_CLUSTER = "BlackHoleCluster";

/** The clusters that one proxy's routes lead to, made as they are asked for. */
export class ClusterTable {
  /** The hosts that the proxy has endpoints of. */
  readonly registry: Registry;
  /** Those of them that it is told of by name. */
  readonly named: Registry;
  readonly #clusters = new Map<string, Cluster>();
  readonly #clusterDomain: string;
  readonly #proxy: MeshProxy;
  readonly #rules: DestinationRuleTable;
  readonly #scope: SidecarScope;
  readonly #visible: Registry;

  constructor(resources: RoutingResources, proxy: MeshProxy, scope: SidecarScope) {
    const visible = buildRegistry(resources, proxy.namespace);
    this.#scope = scope;
    this.#visible = visible;
    if (scope.source === undefined) {
      this.registry = visible;
      this.named = visible;
    } else {
      const bound = bindVirtualServices({ resources, proxy, scope }, (gateways) => gateways.includes(MESH_GATEWAY));
      this.named = new Map([...visible].filter(([host, { namespace }]) => scope.takesInService(host, namespace)));
      const owners = bound.map(({ owner }) => owner);
      const ledTo = destinationPorts(owners, resources.clusterDomain, proxy.namespace);
      const learnt = [...ledTo].flatMap(([host, named]) => {
        const registered = this.named.has(host) ? undefined : visible.get(host);
        const ports = portsLearnt(registered?.ports ?? [], named);
        return registered === undefined || ports.length === 0 ? [] : [[host, { ...registered, ports }] as const];
      });
      this.registry = new Map([...this.named, ...learnt]);
    }
    this.#clusterDomain = resources.clusterDomain;
    this.#proxy = proxy;
    this.#rules = new DestinationRuleTable(resources, proxy);
  }

  get byName(): ReadonlyMap<string, Cluster> {
    return this.#clusters;
  }

  /** The name of the cluster for a destination, in a rule of the given namespace. */
  use(destination: { readonly host: string; readonly port: number; readonly subset?: string | undefined }, namespace: string): string {
    const host = resolveHost(destination.host, namespace, this.#clusterDomain);
    const name = clusterName({ ...destination, host });
    if (!this.#clusters.has(name)) {
      const protocol = this.registry.get(host)?.ports.find(({ number }) => number === destination.port)?.protocol ?? "http";
      const endpoints = this.#endpointsOf(host, destination.port, destination.subset);
      this.#clusters.set(name, { name, host, port: destination.port, subset: destination.subset, protocol, endpoints });
    }
    return name;
  }

  /** The same for a cluster by its name. */
  useByName(name: string): void {
    if (this.#clusters.has(name)) return;
    const parts = parseClusterName(name);
    if (parts !== undefined) this.use(parts, "");
    else {
      const endpoints = { kind: "none", why: `no cluster is called ${name}` } as const;
      this.#clusters.set(name, { name, host: name, port: 0, subset: undefined, protocol: "http", endpoints });
    }
  }

  /** The same for the destination of a rule, which may leave out the port of a caller who asked for this one. */
  lookUp(destination: DestinationSpec, namespace: string, listenPort: number): string {
    const port = destination.port?.number ?? this.#defaultPort(destination.host, namespace, listenPort);
    return this.use({ host: destination.host, port, subset: destination.subset }, namespace);
  }

  /** Where connections go that nothing is known of, where nothing unknown is let out. */
  blackHole(): string {
    const endpoints = { kind: "none", why: "its Sidecar lets nothing out that the mesh does not know" } as const;
    this.#clusters.set(BLACK_HOLE_CLUSTER, { name: BLACK_HOLE_CLUSTER, host: "*", port: 0, subset: undefined, protocol: "tcp", endpoints });
    return BLACK_HOLE_CLUSTER;
  }

  passthrough(port: number): string {
    const endpoints = { kind: "passthrough" } as const;
    this.#clusters.set(PASSTHROUGH_CLUSTER, { name: PASSTHROUGH_CLUSTER, host: "*", port, subset: undefined, protocol: "http", endpoints });
    return PASSTHROUGH_CLUSTER;
  }

  /** In a sidecar the one that the caller asked for; in a gateway the only one that the host has. */
  #defaultPort(host: string, namespace: string, listenPort: number): number {
    if (this.#proxy.kind === "sidecar") return listenPort;
    const ports = this.registry.get(resolveHost(host, namespace, this.#clusterDomain))?.ports ?? [];
    return ports.length === 1 && ports[0] !== undefined ? ports[0].number : listenPort;
  }

  #endpointsOf(host: string, port: number, subset: string | undefined): ClusterEndpoints {
    const registered = this.registry.get(host);
    if (registered === undefined) {
      const { source } = this.#scope;
      const why =
        source !== undefined && this.#visible.has(host)
          ? `${formatReference(source)} does not tell this sidecar of it; add */${host} to its egress`
          : `no Service or ServiceEntry is called ${host}`;
      return { kind: "none", why };
    }
    if (registered.ports.every(({ number }) => number !== port)) return { kind: "none", why: `${host} has no port ${port}` };
    const endpoints = registered.endpoints(port);
    if (subset === undefined) return endpoints;
    const found = this.subsetsOf(registered).find(({ name }) => name === subset);
    if (found === undefined) return { kind: "none", why: `no DestinationRule for ${host} has a subset ${subset}` };
    return endpoints.kind === "pods" ? { ...endpoints, labels: { ...endpoints.labels, ...found.labels } } : endpoints;
  }

  /** The subsets into which a host is divided for this proxy. */
  subsetsOf({ host, namespace }: RegisteredHost): MergedRule["subsets"] {
    return this.#rules.find(host, namespace)?.subsets ?? [];
  }

  /** By what the destination of a rule is chosen among endpoints. */
  hashPoliciesOf({ host, subset, port }: DestinationSpec, namespace: string): readonly HashPolicy[] {
    const full = resolveHost(host, namespace, this.#clusterDomain);
    const registered = this.registry.get(full);
    return registered === undefined ? [] : compileHashPolicies(this.#rules.find(full, registered.namespace), subset, port?.number);
  }

  /** The same for a host that no VirtualService has, on one port. */
  hashPoliciesOfHost({ host, namespace }: RegisteredHost, port: number): readonly HashPolicy[] {
    return compileHashPolicies(this.#rules.find(host, namespace), undefined, port);
  }
}
