import { setTimeout as delay } from "node:timers/promises";
import { type KubernetesResource, predictSidecarSize, type SidecarSize } from "@puggle/mesh-config";
import { makeMarker } from "../../test/istio/sidecars/marker.ts";
import { CALLER, labelsOf, meshOf, NAMESPACES, objectsOf, podObject, podStatus } from "./mesh.ts";
import { Place } from "./place.ts";

/** So many services, each with an equal part of the members. */
const SERVICES = 100;
const MEMBERS = [0, 100, 1_000, 10_000];
const AT_A_TIME = 16;
/** How far the prediction may be off, as a share. */
const BAR = 0.2;

export interface SidecarMemoryFigures {
  readonly services: number;
  readonly sizes: readonly {
    readonly members: number;
    readonly predicted: SidecarSize;
    /** What Envoy says that it has allocated, in millions of bytes. */
    readonly megabytes: number;
    /** By how much the prediction is more, as a share. */
    readonly off: number;
    readonly holds: boolean;
  }[];
}

/** Memory of a full sidecar that sees all services, each baseline and member of which has a pod, against what was predicted of it. */
export async function measureSidecarMemory(onProgress: (message: string) => void): Promise<SidecarMemoryFigures> {
  const closing: (() => Promise<void>)[] = [];
  try {
    const place = await Place.open(closing, onProgress);
    const sizes: SidecarMemoryFigures["sizes"][number][] = [];
    for (const [index, members] of MEMBERS.entries()) {
      onProgress(`sidecars: memory with ${members} members`);
      const mesh = meshOf("service", SERVICES, members / SERVICES);
      const objects = objectsOf(mesh, {});
      await place.cluster.objects.set([...NAMESPACES, ...objects]);
      const pods = mesh.services.flatMap(({ name }) => [
        podObject(name, labelsOf(name)),
        ...mesh.virtualClusters.map((virtualCluster) => podObject(`${name}-${virtualCluster.name}`, labelsOf(name, virtualCluster.name))),
      ]);
      await runPods(place, pods);
      const marker = makeMarker(index);
      await place.cluster.objects.apply([marker.resource]);
      const { adminUrl } = await place.addSidecar(marker, `caller-${index}`);
      const predicted = predictSidecarSize([...objects, ...pods.map(workloadOf), marker.resource], CALLER);
      const megabytes = await settledMemory(adminUrl);
      const off = predicted.megabytes / megabytes - 1;
      sizes.push({ members, predicted, megabytes, off, holds: Math.abs(off) <= BAR });
    }
    return { services: SERVICES, sizes };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** Gives pods addresses at which nobody is, and waits until all are endpoints of theirs. */
async function runPods({ cluster }: Place, pods: readonly KubernetesResource[]): Promise<void> {
  const queue = [...pods.entries()];
  const worker = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [index, pod] = next;
      await cluster.objects.install([pod]);
      await cluster.api.patchPart(pod, "status", podStatus(`10.78.${Math.floor(index / 250)}.${(index % 250) + 1}`));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  for (;;) {
    const { items } = await cluster.api.list({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" });
    const addresses = items.flatMap((slice) => (Reflect.get(slice, "endpoints") ?? []) as { conditions: { ready?: boolean } }[]);
    // Each is an endpoint of one Service.
    if (addresses.filter(({ conditions }) => conditions.ready === true).length >= pods.length) return;
    await delay(200);
  }
}

function workloadOf({ metadata }: KubernetesResource): KubernetesResource {
  const template = { metadata: { labels: metadata.labels ?? {} } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: metadata.name, namespace: metadata.namespace ?? "" },
    spec: { template },
  };
}

/** What is allocated once that no longer changes. */
async function settledMemory(adminUrl: string): Promise<number> {
  let last = 0;
  for (;;) {
    const { allocated } = (await (await fetch(`${adminUrl}/memory`)).json()) as { allocated: string };
    const megabytes = Number(allocated) / 1e6;
    if (Math.abs(megabytes / last - 1) < 0.01) return megabytes;
    last = megabytes;
    await delay(2_000);
  }
}
