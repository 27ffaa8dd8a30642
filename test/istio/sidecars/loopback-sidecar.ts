import { startEnvoy } from "@puggle/local-envoy";
import type { MeshProxy } from "@puggle/mesh-config";
import type { Cluster } from "../cluster/cluster.ts";
import { FROM_ADS, meshBootstrap, nodeId, type ProxyIdentity, socketAddress } from "./bootstrap.ts";
import { readRouteConfigurations } from "./route-configurations.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters";

/** What the answers of such a sidecar say of how they came to be. */
export const ROUTE_HEADER = "x-route";
export const CLUSTER_HEADER = "x-cluster";

/** Nothing listens at its address. */
export interface LoopbackSidecarOptions extends ProxyIdentity {
  readonly cluster: Cluster;
  readonly binary: string;
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
  return { name, proxy, listeners, routeConfigurations: () => readRouteConfigurations(envoy.adminUrl), stop: envoy.stop };
}

function bootstrap({ cluster, adminPort, listeners, filters = [], ...identity }: LoopbackSidecarOptions) {
  const common = meshBootstrap(identity, onLoopback(cluster.istiod.discoveryPort));
  return {
    ...common,
    admin: { address: socketAddress(onLoopback(adminPort)) },
    static_resources: {
      ...common.static_resources,
      listeners: Object.entries(listeners).map(([routes, port]) => listener(routes, port, filters)),
    },
  };
}

function onLoopback(port: number) {
  return { host: "127.0.0.1", port };
}

function listener(routes: string, port: number, filters: readonly object[]) {
  return {
    name: routes,
    address: socketAddress(onLoopback(port)),
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
