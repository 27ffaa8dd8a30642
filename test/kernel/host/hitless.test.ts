import { setTimeout as sleep } from "node:timers/promises";
import { Engine, namespaceAt, probeFeatures } from "@puggle/tc-agent";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sendDatagrams } from "./datagrams.ts";
import { type HostNetwork, makeHostNetwork } from "./host-network.ts";
import { openLongConnection } from "./long-connection.ts";
import { randomSteps } from "./random-specs.ts";
import { findMissingOnHost } from "./requirements.ts";
import { residueOf } from "./residue.ts";

const STEPS = 100;
const EVERY_MS = 150;
const SECONDS = (STEPS * EVERY_MS) / 1_000 + 5;
const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);

const missing = await findMissingOnHost();

describe.skipIf(missing.length > 0)("on this machine's kernel, under 20,000 packets a second each way", () => {
  let network: HostNetwork;

  beforeEach(async () => {
    network = await makeHostNetwork();
  });

  afterEach(() => network.remove());

  test.each([
    { out: 4, in: 6 },
    { out: 6, in: 4 },
  ] as const)(
    `${STEPS} random steps lose nothing and break no connection, IPv$out out and IPv$in in (PUGGLE_TEST_SEED=${seed})`,
    {
      timeout: 90_000,
    },
    async (families) => {
      const [steps = []] = fc.sample(randomSteps(STEPS), { seed, numRuns: 1 });
      const engine = new Engine({ namespace: namespaceAt(network.near.path), features: await probeFeatures(), leaseSeconds: undefined });
      const connections = [await openLongConnection(network, 4, 7_004), await openLongConnection(network, 6, 7_006)];
      const out = await sendDatagrams(network, { from: "near", family: families.out, seconds: SECONDS, port: 5_201 });
      const into = await sendDatagrams(network, { from: "far", family: families.in, seconds: SECONDS, port: 5_202 });
      const unpaused = new Set<number>();
      const began = performance.now();
      for (const [index, rules] of steps.entries()) {
        const { pause } = await (rules === undefined ? engine.clear() : engine.apply(rules));
        for (const pid of pause?.unpaused ?? []) unpaused.add(pid);
        await sleep(began + (index + 1) * EVERY_MS - performance.now());
      }
      const tookSeconds = (performance.now() - began) / 1_000;
      await engine.clear();
      await engine.settled();
      const results = { out: await out.arrived, in: await into.arrived };
      const lines = await Promise.all(connections.map((connection) => connection.end()));
      await engine.close();

      console.log(`${STEPS} steps in ${tookSeconds.toFixed(1)} s, of datagrams`, results);
      expect(tookSeconds, "seconds for the steps").toBeLessThan(SECONDS);
      expect(unpaused).toEqual(new Set());
      for (const { total, lost, unread } of Object.values(results)) {
        expect(total).toBeGreaterThan(19_000 * SECONDS);
        expect(lost - unread).toBe(0);
      }
      for (const { sent, returned, isInOrder, error } of lines) {
        expect(sent).toBeGreaterThan(100 * SECONDS);
        expect({ returned, isInOrder, error }).toEqual({ returned: sent, isInOrder: true, error: undefined });
      }
      expect(await residueOf(network)).toEqual({ devices: ["eth0", "lo"], qdiscs: ["clsact", "noqueue"], filters: [65_000, 65_010] });
    },
  );
});
