import { fileURLToPath } from "node:url";
import type { KubernetesResource } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";

const HOP_SERVICE = fileURLToPath(new URL("hop-service.ts", import.meta.url));
const GRPC_SERVICE = fileURLToPath(new URL("grpc-service.ts", import.meta.url));
const PROPAGATION = import.meta.resolve("@puggle/propagation/register");

/** A service that speaks gRPC, and calls nobody. */
export const GRPC = "search";

/** By which Istio tells what is spoken; of one it has to find that out. */
const PORT_NAMES: Readonly<Record<string, string>> = { [GRPC]: "grpc", web: "main" };

/** Services that do not hand the header on. */
const WITHOUT_PROPAGATION = ["orders"];

/** Where connections come to that sidecars pass through: the port that the caller named. Who listens there is outside, and calls nobody in the mesh. */
const PASSED_THROUGH_TO = 80;

/** The part of the shop that Puggle knows. */
export const MESH: Mesh = {
  clusterDomain: "cluster.local",
  services: [service("web", "shop"), service("orders", "shop"), service("stock", "stock", ["stock.stage.internal"]), service(GRPC, "shop")],
  externalHosts: [],
  virtualClusters: [
    { name: "pr-4", members: [member("web", "shop"), member("stock", "stock")] },
    { name: "pr-42", members: [member("web", "shop"), member("orders", "shop")] },
    { name: "blue", members: [member("orders", "shop"), member("stock", "stock"), member(GRPC, "shop")] },
  ],
};

function service(name: string, namespace: string, hosts: readonly string[] = []): Mesh["services"][number] {
  const protocol = name === GRPC ? "grpc" : "http";
  const port = { number: 80, targetPort: 8080, protocol } as const;
  return { name, namespace, hosts: [...hosts], gateways: [], ports: [port], selector: { app: name }, baselineVersion: "default" };
}

function member(service: string, namespace: string): Mesh["virtualClusters"][number]["members"][number] {
  return { service, namespace, replicas: 1, env: {} };
}

/** All that stands in the cluster before Puggle: every service of the shop, and somebody outside. */
export const BASELINES: readonly KubernetesResource[] = [
  ...["shop", "stock", "tools"].map((name) => namespace(name, { "istio-injection": "enabled" })),
  namespace("outside"),
  ...MESH.services.flatMap(({ name, namespace }) => [
    kubernetesService(name, namespace),
    deployment(name, namespace, { app: name, version: "default" }),
  ]),
  kubernetesService("cart", "shop"),
  deployment("cart", "shop", { app: "cart", version: "one" }, "cart-one"),
  deployment("cart", "shop", { app: "cart", version: "two" }, "cart-two"),
  kubernetesService("pricing", "stock"),
  deployment("pricing", "stock", { app: "pricing" }),
  kubernetesService("nobody", "stock"),
  // In a namespace of which the mesh file has nothing: what it sends outside has no header all the same.
  deployment("report", "tools", { app: "report" }),
  deployment("world", "outside", { app: "world" }, "world", PASSED_THROUGH_TO),
];

/** Does a service hand on the header that it was called with? */
export function propagates(workload: string): boolean {
  return !WITHOUT_PROPAGATION.some((service) => workload.startsWith(service));
}

export function isMember(workload: string): boolean {
  return MESH.virtualClusters.some(({ name, members }) => members.some(({ service }) => workload === `${service}-${name}`));
}

function namespace(name: string, labels: Readonly<Record<string, string>> = {}): KubernetesResource {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

function kubernetesService(name: string, namespace: string): KubernetesResource {
  const ports = [{ name: PORT_NAMES[name] ?? "http", port: 80, targetPort: 8080 }];
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { selector: { app: name }, ports } };
}

function deployment(
  service: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  name = service,
  port = 8080,
): KubernetesResource {
  const preload = propagates(service) ? ["--import", PROPAGATION] : [];
  const container = {
    name: service,
    image: "none",
    command: [process.execPath, ...preload, service === GRPC ? GRPC_SERVICE : HOP_SERVICE],
    env: [
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "PORT", value: `${port}` },
      { name: "MAKES_CALLS", value: port === PASSED_THROUGH_TO ? "no" : "yes" },
      // Names of the form <service>.<namespace> look like any other host's.
      { name: "PUGGLE_TARGETS", value: "<default>,*.shop,*.stock" },
    ],
    ports: [{ containerPort: port }],
    // Probes speak HTTP/1.
    ...(service === GRPC ? {} : { readinessProbe: { httpGet: { port, path: "/healthz" } } }),
  };
  const template = {
    metadata: { labels },
    spec: { serviceAccountName: "default", containers: [container], terminationGracePeriodSeconds: 5 },
  };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace }, spec };
}
