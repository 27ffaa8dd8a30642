const TYPE = "type.googleapis.com/envoy.extensions.filters";

interface ListenerOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly routes: object;
  readonly cluster: string;
  /** HTTP filters before the router. */
  readonly filters: readonly object[];
}

export function httpListener({ name, address, port, routes, filters }: ListenerOptions) {
  return listener(name, address, port, {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: name,
      server_header_transformation: "PASS_THROUGH",
      normalize_path: true,
      upgrade_configs: [{ upgrade_type: "websocket" }],
      route_config: routes,
      http_filters: [...filters, httpFilter("fault", "HTTPFault"), httpFilter("cors", "Cors"), httpFilter("router", "Router")],
    },
  });
}

/** In Istio's order. The first two do what routes tell them, and nothing by themselves. */
function httpFilter(name: string, message: string) {
  return { name: `envoy.filters.http.${name}`, typed_config: { "@type": `${TYPE}.http.${name}.v3.${message}` } };
}

export function tcpListener({ name, address, port, cluster }: ListenerOptions) {
  return listener(name, address, port, {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: { "@type": `${TYPE}.network.tcp_proxy.v3.TcpProxy`, stat_prefix: name, cluster },
  });
}

function listener(name: string, address: string, port: number, filter: object) {
  // With Envoy's default, a second process on the same port would share its connections instead of being refused.
  return {
    name,
    address: { socket_address: { address, port_value: port } },
    enable_reuse_port: false,
    filter_chains: [{ filters: [filter] }],
  };
}
