import { type RunningEnvoy, startEnvoy } from "@puggle/local-envoy";
import type { MeshProxy } from "@puggle/mesh-config";
import type { Cluster } from "../cluster/cluster.ts";
import { ISTIO_VERSION } from "../cluster/istiod.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters";

/** What the answers of such a sidecar say of how they came to be. */
export const ROUTE_HEADER = "x-route";
export const CLUSTER_HEADER = "x-cluster";

export interface LoopbackSidecarOptions {
  readonly cluster: Cluster;
  readonly binary: string;
  readonly name: string;
  readonly proxy: MeshProxy;
  /** The pod's address, by which istiod tells proxies apart; nothing listens there. */
  readonly address: string;
  readonly adminPort: number;
  /** Where it listens on loopback for each route configuration of istiod's: `80`, or `http.80` for a gateway. */
  readonly listeners: Readonly<Record<string, number>>;
  /** HTTP filters that stand before all others. */
  readonly filters?: readonly object[];
}

/** A stock Envoy that gets routes, clusters and endpoints from istiod as a sidecar of any namespace would, and needs no network namespace. */
export interface LoopbackSidecar {
  readonly name: string;
  readonly proxy: MeshProxy;
  readonly listeners: Readonly<Record<string, number>>;
  /** The route configurations that istiod has sent, by name, as Envoy prints them. */
  readonly routeConfigurations: () => Promise<ReadonlyMap<string, unknown>>;
  readonly stop: () => Promise<void>;
}

export async function startLoopbackSidecar(options: LoopbackSidecarOptions): Promise<LoopbackSidecar> {
  const { name, proxy, listeners, binary } = options;
  // What an Envoy is called here is its node id too.
  const envoy = await startEnvoy({ binary, name: nodeId(options), config: { text: JSON.stringify(bootstrap(options)) } });
  return { name, proxy, listeners, routeConfigurations: () => readRouteConfigurations(envoy), stop: envoy.stop };
}

/** By which istiod tells what a proxy is, and where. */
function nodeId({ proxy, address, name }: LoopbackSidecarOptions): string {
  const kind = proxy.kind === "gateway" ? "router" : "sidecar";
  return `${kind}~${address}~${name}.${proxy.namespace}~${proxy.namespace}.svc.cluster.local`;
}

function bootstrap({ cluster, name, proxy, address, adminPort, listeners, filters = [] }: LoopbackSidecarOptions) {
  return {
    node: {
      cluster: `${name}.${proxy.namespace}`,
      metadata: {
        NAMESPACE: proxy.namespace,
        NAME: name,
        WORKLOAD_NAME: name,
        LABELS: proxy.labels,
        INSTANCE_IPS: address,
        CLUSTER_ID: "Kubernetes",
        MESH_ID: "cluster.local",
        ISTIO_VERSION,
      },
    },
    admin: { address: socketAddress(adminPort) },
    dynamic_resources: { ads_config: { api_type: "GRPC", transport_api_version: "V3", grpc_services: ADS }, cds_config: FROM_ADS },
    static_resources: {
      clusters: [xdsCluster(cluster.istiod.discoveryPort)],
      listeners: Object.entries(listeners).map(([routes, port]) => listener(routes, port, filters)),
    },
  };
}

const ADS = [{ envoy_grpc: { cluster_name: "xds" } }];
const FROM_ADS = { ads: {}, resource_api_version: "V3" };

function xdsCluster(port: number) {
  return {
    name: "xds",
    type: "STATIC",
    connect_timeout: "5s",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: { cluster_name: "xds", endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(port) } }] }] },
  };
}

function listener(routes: string, port: number, filters: readonly object[]) {
  return {
    name: routes,
    address: socketAddress(port),
    enable_reuse_port: false,
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: {
              "@type": `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
              stat_prefix: routes,
              normalize_path: true,
              rds: { route_config_name: routes, config_source: FROM_ADS },
              http_filters: [
                SAY_WHY,
                ...filters,
                httpFilter("fault", "HTTPFault"),
                httpFilter("cors", "Cors"),
                httpFilter("router", "Router"),
              ],
            },
          },
        ],
      },
    ],
  };
}

/** What istiod puts before the router, which does what routes say. */
function httpFilter(name: string, message: string) {
  return { name: `envoy.filters.http.${name}`, typed_config: { "@type": `${TYPE}.http.${name}.v3.${message}` } };
}

/** First in the chain, so that it sees the answers of all the others too. */
const SAY_WHY = {
  name: "envoy.filters.http.header_mutation",
  typed_config: {
    "@type": `${TYPE}.http.header_mutation.v3.HeaderMutation`,
    mutations: {
      response_mutations: [
        { append: { header: { key: ROUTE_HEADER, value: "%ROUTE_NAME%" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" } },
        { append: { header: { key: CLUSTER_HEADER, value: "%UPSTREAM_CLUSTER_RAW%" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" } },
      ],
    },
  },
};

function socketAddress(port: number) {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

async function readRouteConfigurations({ adminUrl }: RunningEnvoy): Promise<ReadonlyMap<string, unknown>> {
  const answer = await fetch(`${adminUrl}/config_dump?resource=dynamic_route_configs`);
  const { configs = [] } = (await answer.json()) as { configs?: { route_config: { name: string } }[] };
  return new Map(configs.map(({ route_config }) => [route_config.name, route_config]));
}
