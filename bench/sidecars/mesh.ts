import { generateIstio, type IstioOptions, type KubernetesResource } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";

const NAMESPACE = "bench";

/** What has to be in a cluster for sidecars to route a mesh: no pods yet, and no stamps, which are for the members' own sidecars. */
export function objectsOf(mesh: Mesh, options: IstioOptions): readonly KubernetesResource[] {
  const baselines = mesh.services.map(({ name, selector }) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: NAMESPACE },
    spec: { selector, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  }));
  const generated = generateIstio(mesh, options).filter(({ kind, metadata }) => kind !== "Deployment" && !isStamp({ kind, metadata }));
  return [...baselines, ...generated];
}

function isStamp({ kind, metadata }: Pick<KubernetesResource, "kind" | "metadata">): boolean {
  return kind === "EnvoyFilter" && metadata.labels?.["puggle.dev/virtual-cluster"] !== undefined;
}

/** A mesh of services called `<prefix>-<number>`, each with so many members, in virtual clusters `pr-<number>`. */
export function meshOf(prefix: string, services: number, membersOfEach: number): Mesh {
  const names = range(services).map((index) => `${prefix}-${index}`);
  return {
    clusterDomain: "cluster.local",
    externalHosts: [],
    services: names.map((name) => ({
      name,
      namespace: NAMESPACE,
      hosts: [],
      gateways: [],
      ports: [{ number: 80, targetPort: 8080, protocol: "http" as const }],
      selector: { app: name },
      baselineVersion: "default",
    })),
    virtualClusters: range(membersOfEach).map((index) => ({
      name: `pr-${index}`,
      members: names.map((service) => ({ service, namespace: NAMESPACE, replicas: 1, env: {}, image: "none" })),
    })),
  };
}

/** The labels of a baseline's pods, and of a member's. */
export function labelsOf(service: string, virtualCluster?: string): Readonly<Record<string, string>> {
  if (virtualCluster === undefined) return { app: service, version: "default" };
  return { "puggle.dev/service": service, "puggle.dev/virtual-cluster": virtualCluster, version: virtualCluster };
}

/** A pod that runs, as far as the API server knows: bound to a node, with an address, ready. */
export function podObject(name: string, labels: Readonly<Record<string, string>>): KubernetesResource {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE, labels },
    spec: { nodeName: NODE.metadata.name, containers: [{ name: "app", image: "none" }] },
  };
}

export function podStatus(address: string): object {
  const conditions = [{ type: "Ready", status: "True" }];
  return { status: { phase: "Running", podIP: address, podIPs: [{ ip: address }], conditions } };
}

export const NODE = { apiVersion: "v1", kind: "Node", metadata: { name: "bench" } };
export const NAMESPACES: readonly KubernetesResource[] = [{ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } }];
export const CALLER = { kind: "sidecar" as const, namespace: NAMESPACE, labels: { app: "caller" } };

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
