import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { randomSteps } from "./random-rules.ts";
import { RESIDUE, residueOf } from "./residue.ts";
import type { Steps } from "./take-steps.ts";
import { until } from "./until.ts";

const TAKE_STEPS = join(import.meta.dirname, "take-steps.ts");
const PODS = 10;
const ROUNDS = 5;
const STEPS = 200;
/** The engine's own. */
const LEASE_MS = 10_000;
const LATEST_KILL_MS = 6_000;
/** More than any way through that kernel takes without emulation, and less than the shortest delay that is asked for here. */
const UNTOUCHED_MS = 5;

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);
const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("an engine that is killed", { timeout: 500_000 }, () => {
  let kernel: Kernel;
  let pods: readonly PodNetwork[];

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    const made: PodNetwork[] = [];
    for (let number = 0; number < PODS; number += 1) made.push(await makePodNetwork(kernel, { name: `pod${number}` }));
    pods = made;
  });

  afterAll(() => kernel?.stop());

  async function writeSteps({ pod, podPath }: PodNetwork, steps: Pick<Steps, "rules" | "isCleared">): Promise<string> {
    const file = `/tmp/${pod}.json`;
    await kernel.writeFile(file, JSON.stringify({ namespace: podPath, pauseMs: 100, ...steps } satisfies Steps));
    return file;
  }

  test(`leaves no packet touched when its lease has run out, and nothing behind: ${PODS * ROUNDS} kills (PUGGLE_TEST_SEED=${seed})`, async () => {
    const moments = fc.sample(fc.integer({ min: 0, max: LATEST_KILL_MS }), { seed, numRuns: PODS * ROUNDS });
    const all = fc.sample(randomSteps(STEPS), { seed, numRuns: PODS * ROUNDS });
    let killedWithRules = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const of = <Value>(values: readonly Value[], index: number) => values[round * PODS + index] as Value;
      await Promise.all(
        pods.map(async (pod, index) => {
          const file = await writeSteps(pod, { rules: of(all, index), isCleared: false });
          const engine = await kernel.start(process.execPath, [TAKE_STEPS, file]);
          await until(() => engine.stdout().includes("applied"));
          await sleep(of(moments, index));
          // And its resident tools with it.
          engine.kill("SIGKILL", { isForGroup: true });
          await engine.ended;
          if ((await residueOf(kernel, pod.pod)).length > RESIDUE.length) killedWithRules += 1;
        }),
      );
      await sleep(LEASE_MS);
      for (const pod of pods) {
        for (const to of [pod.farIpv4[0] ?? "", pod.farIpv6[0] ?? ""]) {
          const { lost, roundTripsMs } = await ping(kernel, { to, launcher: pod.inPod, count: 3, intervalMs: 20 });
          expect({ pod: pod.pod, to, lost, slowest: Math.max(...roundTripsMs) < UNTOUCHED_MS }).toEqual({
            pod: pod.pod,
            to,
            lost: 0,
            slowest: true,
          });
        }
      }
      for (const [index, pod] of pods.entries()) {
        // What shall be there is, whatever the one before was about to do; and then nothing.
        const file = await writeSteps(pod, { rules: of(all, index).slice(-1), isCleared: true });
        const { stdout } = await kernel.run(process.execPath, [TAKE_STEPS, file]);
        const { applied } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
        expect(applied).toBe("True");
        expect(await residueOf(kernel, pod.pod)).toEqual(RESIDUE);
      }
    }
    console.log(`${PODS * ROUNDS} kills, ${killedWithRules} of them with something in the kernel`);
    expect(killedWithRules).toBeGreaterThan((PODS * ROUNDS) / 2);
  });
});
