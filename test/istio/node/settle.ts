import { setTimeout as delay } from "node:timers/promises";
import type { KubernetesResource } from "@puggle/mesh-config";
import type { Cluster } from "../cluster/cluster.ts";
import type { Marker } from "../sidecars/marker.ts";
import { findUntold } from "../sidecars/told.ts";
import type { ClusterNode } from "./node.ts";

const POLL_MS = 25;
const WITHIN_MS = 60_000;

/** Waits until every Deployment has all its pods, and those only, and every Service with such pods their addresses. */
export async function untilRolledOut({ api }: Cluster, node: ClusterNode): Promise<void> {
  await until("Deployments have all their pods", async () => {
    const deployments = await api.list({ apiVersion: "apps/v1", kind: "Deployment" });
    const waiting = deployments.items.filter((deployment) => !isRolledOut(deployment));
    if (waiting.length > 0) return waiting.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
    const pods = await api.list({ apiVersion: "v1", kind: "Pod" });
    if (pods.items.length !== node.pods.size) return "pods that end";
    const services = await api.list({ apiVersion: "v1", kind: "Service" });
    const slices = await api.list({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" });
    const unlisted = services.items.filter((service) => addressesOf(service, slices.items) !== [...podsOf(service, node)].sort().join(" "));
    return unlisted.map(({ metadata }) => `the addresses of ${metadata.namespace}/${metadata.name}`).join(", ");
  });
}

function isRolledOut({ spec, status, metadata }: KubernetesResource): boolean {
  const { replicas = 1 } = spec as { replicas?: number };
  const { observedGeneration, replicas: all = 0, updatedReplicas = 0, availableReplicas = 0 } = (status ?? {}) as Record<string, number>;
  return (
    observedGeneration === Reflect.get(metadata, "generation") &&
    [all, updatedReplicas, availableReplicas].every((count) => count === replicas)
  );
}

function addressesOf({ metadata }: KubernetesResource, slices: readonly KubernetesResource[]): string {
  const own = slices.filter(
    (slice) => slice.metadata.namespace === metadata.namespace && slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name,
  );
  const endpoints = own.flatMap(
    (slice) => (Reflect.get(slice, "endpoints") ?? []) as { addresses: string[]; conditions: { ready?: boolean } }[],
  );
  const ready = endpoints.filter(({ conditions }) => conditions.ready === true).flatMap(({ addresses }) => addresses);
  return ready.sort().join(" ");
}

function podsOf({ metadata, spec }: KubernetesResource, node: ClusterNode): readonly string[] {
  const { selector } = spec as { selector?: Record<string, string> };
  if (selector === undefined) return [];
  return [...node.pods.values()]
    .filter(({ proxy }) => proxy.namespace === metadata.namespace)
    .filter(({ proxy }) => Object.entries(selector).every(([key, value]) => proxy.labels[key] === value))
    .map(({ address }) => address);
}

/** Waits until every sidecar knows the marker, and all the endpoints of the clusters that it knows. */
export async function untilTold(node: ClusterNode, marker: Marker): Promise<void> {
  await until("sidecars know all", async () => {
    const asked = [...node.pods.values()].map(async ({ name, sidecar }) => {
      if (sidecar === undefined) return "";
      const untold = await findUntold(sidecar.adminUrl, marker);
      return untold === "" ? "" : `${name} (${untold})`;
    });
    return (await Promise.all(asked)).filter((one) => one !== "").join(", ");
  });
}

/** Asks until there is nothing left to wait for. */
export async function until(what: string, findMissing: () => Promise<string>): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (let missing = await findMissing(); missing !== ""; missing = await findMissing()) {
    if (Date.now() > deadline) throw new Error(`waited ${WITHIN_MS / 1_000} s until ${what}; still waiting for ${missing}`);
    await delay(POLL_MS);
  }
}
