import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { findEnvoy, freePorts, type RunningEnvoy, startEnvoy } from "@puggle/local-envoy";
import { compile, type KubernetesResource, printRoutes, type RouteTable, route } from "@puggle/mesh-config";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keptAlive, sendRaw } from "./raw-request.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters";
const PATHS = ["/", "/items", "/items/7", "/items/7/parts?x=1&y=/items/8", "/ITEMS/7", "/a$1b/items/9", "/a\\1b"];

/** Each for a host of its own, with the paths above. */
const RULES: Readonly<Record<string, object>> = {
  "prefix.example": { match: [{ uri: { prefix: "/items" } }], rewrite: { uri: "/v2" } },
  "slash.example": { match: [{ uri: { prefix: "/items/" } }], rewrite: { uri: "/" } },
  "any-case.example": { match: [{ uri: { prefix: "/items" }, ignoreUriCase: true }], rewrite: { uri: "/v2" } },
  "exact.example": { match: [{ uri: { exact: "/items/7" } }], rewrite: { uri: "/one" } },
  "pattern.example": { match: [{ uri: { regex: "/items/.*" } }], rewrite: { uri: "/whole" } },
  "everything.example": { rewrite: { uri: "/v2" } },
  "groups.example": { rewrite: { uriRegexRewrite: { match: "/items/([0-9]+)", rewrite: "/item-\\1$1" } } },
  "host.example": { rewrite: { authority: "other.example" } },
  "headers.example": { headers: { request: { set: { host: "set.example" } } } },
  "both.example": { rewrite: { uri: "/v2", authority: "other.example" }, headers: { request: { set: { host: "set.example" } } } },
  "untouched.example": {},
};
const REDIRECTS: Readonly<Record<string, object>> = {
  "path.example": { uri: "/new" },
  "query.example": { uri: "/new?to=1" },
  "elsewhere.example": { authority: "elsewhere.example", redirectCode: 308 },
  "tls.example": { scheme: "https" },
  "port.example": { port: 8443, scheme: "https" },
  "same.example": { derivePort: "FROM_REQUEST_PORT", uri: "/new" },
};
const TO_ECHO = { route: [{ destination: { host: "echo.shop.svc.cluster.local", port: { number: 80 } } }] };

function virtualService(host: string, http: object): KubernetesResource {
  const metadata = { name: host, namespace: "shop" };
  return { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata, spec: { hosts: [host], http: [http, TO_ECHO] } };
}

const RESOURCES: readonly KubernetesResource[] = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "echo", namespace: "shop" },
    spec: { selector: { app: "echo" }, ports: [{ name: "http", port: 80 }] },
  },
  ...Object.entries(RULES).map(([host, rule]) => virtualService(host, { ...TO_ECHO, ...rule })),
  ...Object.entries(REDIRECTS).map(([host, redirect]) => virtualService(host, { redirect })),
];

describe("what route says of how a request is passed on is what the real Envoy does", () => {
  const table: RouteTable = compile(RESOURCES, { kind: "sidecar", namespace: "shop", labels: {} });
  const echo = createServer((request, response) => response.end(JSON.stringify({ path: request.url, host: request.headers.host })));
  let envoy: RunningEnvoy;
  let port = 0;

  beforeAll(async () => {
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const [listen = 0, admin = 0] = await freePorts(2);
    port = listen;
    const text = JSON.stringify(bootstrap(table, listen, admin, (echo.address() as AddressInfo).port));
    envoy = await startEnvoy({ binary: (await findEnvoy()).path, name: "rewriting", config: { text } });
  });

  afterAll(async () => {
    keptAlive.destroy();
    await envoy?.stop();
    echo.closeAllConnections();
    echo.close();
  });

  it.each(Object.keys(RULES))("the path and host: %s", async (host) => {
    for (const path of PATHS) {
      const request = { method: "GET", host, port: 80, path, headers: {} };
      const { forwarded } = route(table, request);
      const answer = await sendRaw(port, request);
      expect({ path, status: answer.status, arrived: JSON.parse(answer.body) }).toEqual({
        path,
        status: 200,
        arrived: { path: forwarded?.path, host: forwarded?.authority ?? host },
      });
    }
  });

  it.each(Object.keys(REDIRECTS))("the place of a redirect: %s", async (host) => {
    for (const path of PATHS) {
      const request = { method: "GET", host, port: 80, path, headers: {} };
      const { location, route: decided } = route(table, request);
      const answer = await sendRaw(port, request);
      const status = decided?.answer?.kind === "redirect" ? decided.answer.status : 0;
      expect({ path, status: answer.status, location: answer.headers.location }).toEqual({ path, status, location });
    }
  });
});

function bootstrap(table: RouteTable, listen: number, admin: number, echo: number) {
  const address = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
  const manager = {
    "@type": `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "rewriting",
    route_config: printRoutes(table, 80),
    http_filters: [{ name: "envoy.filters.http.router", typed_config: { "@type": `${TYPE}.http.router.v3.Router` } }],
  };
  const cluster = (name: string, endpoints: readonly object[]) => ({
    name,
    type: "STATIC",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
  });
  return {
    admin: { address: address(admin) },
    static_resources: {
      listeners: [
        {
          name: "rewriting",
          address: address(listen),
          filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
        },
      ],
      clusters: [...table.clusters.keys()].map((name) =>
        cluster(name, name.includes("echo") ? [{ endpoint: { address: address(echo) } }] : []),
      ),
    },
  };
}
