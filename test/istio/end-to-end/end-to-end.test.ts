import { generateIstio, type IstioOptions, type KubernetesResource } from "@puggle/mesh-config";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type ClusterNode, startNode } from "../node/node.ts";
import { untilRolledOut, untilTold } from "../node/settle.ts";
import { makeMarker } from "../sidecars/marker.ts";
import { travel } from "./journeys.ts";
import { type Journey, randomJourney, randomRouting } from "./random-calls.ts";
import { BASELINES, MESH } from "./shop.ts";

const ROUTINGS = 20;
const REQUESTS = 2_000;

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);
const parts = inject("nodeParts");

describe.skipIf(parts === undefined)("a shop of real Deployments with full sidecars", () => {
  let cluster: Cluster;
  let node: ClusterNode;

  beforeAll(async () => {
    if (parts === undefined) return;
    cluster = await startCluster(parts.tools);
    node = await startNode(cluster, { envoy: parts.envoy, outside: "outside/" });
  });

  afterAll(async () => {
    await node?.stop();
    await cluster?.stop();
  });

  test(`gets every one of ${REQUESTS} requests where explain says, hop by hop (PUGGLE_TEST_SEED=${seed})`, {
    timeout: 300_000,
  }, async () => {
    const ends = new Map<string, number>();
    for (const [round, routing] of fc.sample(randomRouting, { seed, numRuns: ROUTINGS }).entries()) {
      const marker = makeMarker(round);
      const manifests = [...BASELINES, ...routing];
      const options: IstioOptions = round % 2 === 0 ? { manifests } : { manifests, routing: "matcher" };
      const generated = withMixedStamps(generateIstio(MESH, options), generateIstio(MESH, { ...options, stamp: "TrafficExtension" }));
      const stored = await cluster.objects.set([...BASELINES, ...generated, ...routing, marker.resource]);
      await untilRolledOut(cluster, node);
      await untilTold(node, marker);
      const entries = [...node.pods.values()].filter(({ sidecar }) => sidecar !== undefined);
      const send = async (journey: Journey) => {
        const entry = entries[journey.entry % entries.length];
        if (entry === undefined) throw new Error("the shop has pods");
        const travelled = await travel(entry, stored, journey);
        expect(travelled.detour).toBeUndefined();
        for (const end of travelled.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
      };
      await fc.assert(fc.asyncProperty(randomJourney, send), { seed: seed + round, numRuns: REQUESTS / ROUTINGS });
    }
    for (const end of ["member", "baseline", "outside", "answered"]) expect(ends.get(end), end).toBeGreaterThan(REQUESTS / 50);
  });
});

/** The members of one virtual cluster are stamped by a TrafficExtension, those of the others by an EnvoyFilter. */
function withMixedStamps(filters: readonly KubernetesResource[], extensions: readonly KubernetesResource[]): readonly KubernetesResource[] {
  const isMixedIn = ({ metadata }: KubernetesResource) => metadata.labels?.["puggle.dev/virtual-cluster"] === "blue";
  return [
    ...filters.filter((one) => !(one.kind === "EnvoyFilter" && isMixedIn(one))),
    ...extensions.filter((one) => one.kind === "TrafficExtension" && isMixedIn(one)),
  ];
}
