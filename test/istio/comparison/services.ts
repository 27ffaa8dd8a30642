import type { KubernetesResource } from "@puggle/mesh-config";

/** What the gateway of these tests opens. */
export const GATEWAY: KubernetesResource = {
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { name: "edge", namespace: "edge" },
  spec: { selector: { istio: "edge" }, servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }] },
};

/** Services of every kind in two namespaces, hosts outside the mesh, and a gateway: what the random routing of these tests is about. */
export const SERVICES: readonly KubernetesResource[] = [
  ...["shop", "stock", "tools", "edge"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  service("shop", "cart", [{ name: "http", port: 80, targetPort: 8080 }]),
  service("shop", "pricing", [
    { name: "http", port: 80 },
    { name: "http-admin", port: 8080 },
  ]),
  service("shop", "two-ports", [
    { name: "grpc", port: 8080 },
    { name: "tcp-data", port: 5432 },
  ]),
  service("shop", "headless", [{ name: "http", port: 80 }], { clusterIP: "None" }),
  service("stock", "cart", [{ name: "web", port: 80, appProtocol: "http2" }]),
  serviceEntry("payments", { hosts: ["api.payments.example"], location: "MESH_EXTERNAL", resolution: "DNS", ports: [http(80)] }),
  serviceEntry("partner", { hosts: ["*.partner.example"], location: "MESH_EXTERNAL", resolution: "NONE", ports: [http(80), http(8080)] }),
  GATEWAY,
];

function service(namespace: string, name: string, ports: readonly object[], more: object = {}): KubernetesResource {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { selector: { app: name }, ports, ...more } };
}

function serviceEntry(name: string, spec: object): KubernetesResource {
  return { apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", metadata: { name, namespace: "shop" }, spec };
}

function http(number: number) {
  return { number, name: `http-${number}`, protocol: "HTTP" };
}
