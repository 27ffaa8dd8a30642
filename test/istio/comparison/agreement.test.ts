import { compile, type KubernetesResource, type MeshProxy } from "@puggle/mesh-config";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { keptAlive } from "../../envoy/raw-request.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import type { LoopbackSidecar } from "../sidecars/loopback-sidecar.ts";
import { makeMarker } from "../sidecars/marker.ts";
import { type Disagreement, findDisagreement, randomRequest } from "./decisions.ts";
import { findDifference } from "./differences.ts";
import { startFleet } from "./fleet.ts";
import { randomRouting } from "./random-routing.ts";
import { SERVICES } from "./services.ts";

const MESHES = 250;
const REQUESTS = 100_000;
const AT_A_TIME = 8;

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);
const parts = inject("clusterParts");

describe.skipIf(parts === undefined)("on the real Istio", () => {
  let cluster: Cluster;
  let fleet: readonly LoopbackSidecar[];
  let meshes = 0;

  beforeAll(async () => {
    if (parts === undefined) return;
    cluster = await startCluster(parts.tools);
    fleet = await startFleet(cluster, parts.envoy);
  });

  afterAll(async () => {
    keptAlive.destroy();
    for (const sidecar of fleet ?? []) await sidecar.stop();
    await cluster?.stop();
  });

  /** Puts routing into the cluster and waits until every proxy has it. */
  async function tell(routing: readonly KubernetesResource[]): Promise<readonly KubernetesResource[]> {
    meshes += 1;
    const marker = makeMarker(meshes);
    const others = await cluster.objects.set([...SERVICES, ...routing]);
    const stored = [...others, ...(await cluster.objects.apply([marker.resource]))];
    for (const sidecar of fleet) expect(await findDifference(sidecar, stored, marker)).toBeUndefined();
    return stored;
  }

  test(`what compile gives is what istiod sends, for ${MESHES} random meshes (PUGGLE_TEST_SEED=${seed})`, {
    timeout: 300_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(randomRouting, async (routing) => {
        await tell(routing);
      }),
      { seed, numRuns: MESHES, interruptAfterTimeLimit: 240_000, markInterruptAsFailure: true },
    );
  });

  test(`what route decides is what Envoy does, for ${REQUESTS} requests (PUGGLE_TEST_SEED=${seed})`, { timeout: 300_000 }, async () => {
    const listeners = fleet.flatMap((sidecar) => Object.keys(sidecar.listeners).map((routes) => ({ sidecar, routes })));
    const rounds = 50;
    const share = Math.ceil(REQUESTS / rounds / listeners.length);
    let sent = 0;
    for (const [round, routing] of fc.sample(randomRouting, { seed, numRuns: rounds }).entries()) {
      const stored = await tell(routing);
      const tables = new Map<MeshProxy, ReturnType<typeof compile>>();
      for (const { proxy } of fleet) tables.set(proxy, compile(stored, proxy));
      const requests = fc.sample(randomRequest, { seed: seed + round, numRuns: share });
      const asked = listeners.flatMap(({ sidecar, routes }) => requests.map((request) => ({ sidecar, routes, request })));
      const found: Disagreement[] = [];
      const worker = async () => {
        for (let next = asked.pop(); next !== undefined; next = asked.pop()) {
          const table = tables.get(next.sidecar.proxy);
          if (table === undefined) throw new Error(`${next.sidecar.name} has no table`);
          const disagreement = await findDisagreement(next.sidecar, next.routes, table, next.request);
          if (disagreement !== undefined) found.push(disagreement);
          sent += 1;
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
      expect(found.slice(0, 3), JSON.stringify(routing, null, 1)).toEqual([]);
    }
    expect(sent).toBeGreaterThanOrEqual(REQUESTS);
  });
});
