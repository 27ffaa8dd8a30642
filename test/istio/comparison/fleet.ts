import { freePorts } from "@puggle/local-envoy";
import type { MeshProxy } from "@puggle/mesh-config";
import type { Cluster } from "../cluster/cluster.ts";
import { type LoopbackSidecar, startLoopbackSidecar } from "../sidecars/loopback-sidecar.ts";

const SIDECAR_ROUTES = ["80", "8080"];

/** Proxies that differ in what routing may ask for: namespace, labels, kind. */
const PROXIES: readonly { readonly name: string; readonly proxy: MeshProxy; readonly routes: readonly string[] }[] = [
  { name: "web", proxy: { kind: "sidecar", namespace: "shop", labels: { app: "web", version: "default" } }, routes: SIDECAR_ROUTES },
  { name: "cart", proxy: { kind: "sidecar", namespace: "stock", labels: { app: "cart" } }, routes: SIDECAR_ROUTES },
  { name: "client", proxy: { kind: "sidecar", namespace: "tools", labels: {} }, routes: SIDECAR_ROUTES },
  { name: "edge", proxy: { kind: "gateway", namespace: "edge", labels: { istio: "edge" }, gateway: "edge/edge" }, routes: ["http.80"] },
];

/** A loopback sidecar for each kind of caller. */
export async function startFleet(cluster: Cluster, binary: string): Promise<readonly LoopbackSidecar[]> {
  const ports = await freePorts(PROXIES.reduce((sum, { routes }) => sum + routes.length + 1, 0));
  return Promise.all(
    PROXIES.map(({ name, proxy, routes }, index) => {
      const [adminPort = 0, ...rest] = ports.splice(0, routes.length + 1);
      const listeners = Object.fromEntries(routes.map((route, at) => [route, rest[at] ?? 0]));
      return startLoopbackSidecar({ cluster, binary, name, proxy, adminPort, listeners, address: `10.78.0.${index + 1}` });
    }),
  );
}
