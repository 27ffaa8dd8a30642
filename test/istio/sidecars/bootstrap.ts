import type { MeshProxy } from "@puggle/mesh-config";
import { ISTIO_VERSION } from "../cluster/istiod.ts";

/** What a proxy tells istiod of itself. */
export interface ProxyIdentity {
  readonly name: string;
  readonly proxy: MeshProxy;
  /** The pod's address, by which istiod tells proxies apart. */
  readonly address: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const FROM_ADS = { ads: {}, resource_api_version: "V3" };

/** By which istiod tells what a proxy is, and where. */
export function nodeId({ proxy, address, name }: ProxyIdentity): string {
  const kind = proxy.kind === "gateway" ? "router" : "sidecar";
  return `${kind}~${address}~${name}.${proxy.namespace}~${proxy.namespace}.svc.cluster.local`;
}

/** The part of a bootstrap that every proxy of the mesh has: who it is, and where it gets its configuration. */
export function meshBootstrap(identity: ProxyIdentity, istiod: Address, metadata: Readonly<Record<string, unknown>> = {}) {
  const { name, proxy, address } = identity;
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
        SERVICE_ACCOUNT: "default",
        ...metadata,
      },
    },
    dynamic_resources: { ads_config: { api_type: "GRPC", transport_api_version: "V3", grpc_services: ADS }, cds_config: FROM_ADS },
    static_resources: { clusters: [grpcCluster("xds", istiod)] },
  };
}

const ADS = [{ envoy_grpc: { cluster_name: "xds" } }];

/** A server of this machine's that speaks gRPC in plaintext. */
export function grpcCluster(name: string, address: Address) {
  return {
    name,
    type: "STATIC",
    connect_timeout: "5s",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }] },
  };
}

export function socketAddress({ host, port }: Address) {
  return { socket_address: { address: host, port_value: port } };
}
