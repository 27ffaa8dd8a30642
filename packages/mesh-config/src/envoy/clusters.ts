import { isIP } from "node:net";
import type { Cluster } from "../routing/table.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where the pods of a cluster listen. */
export type FindEndpoints = (cluster: Cluster) => readonly Endpoint[];

const CONNECT_TIMEOUT = "2s";

/** A cluster of the compiled table. One without endpoints stays: Envoy answers 503 for it, as it does in the mesh. */
export function upstreamCluster({ name, protocol }: Cluster, endpoints: readonly Endpoint[]) {
  return cluster(name, protocol, endpoints);
}

export function appCluster(name: string, port: number, protocol: Cluster["protocol"]) {
  return cluster(name, protocol, [{ host: "127.0.0.1", port }]);
}

function cluster(name: string, protocol: Cluster["protocol"], endpoints: readonly Endpoint[]) {
  const isStatic = endpoints.every(({ host }) => isIP(host) !== 0);
  const isHttp2 = protocol === "http2" || protocol === "grpc";
  return {
    name,
    type: isStatic ? "STATIC" : "STRICT_DNS",
    connect_timeout: CONNECT_TIMEOUT,
    ...(isHttp2 ? { typed_extension_protocol_options: HTTP2_OPTIONS } : {}),
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: endpoints.map(({ host, port }) => ({
            endpoint: { address: { socket_address: { address: host, port_value: port } } },
          })),
        },
      ],
    },
  };
}

const HTTP2_OPTIONS = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicit_http_config: { http2_protocol_options: {} },
  },
};
