import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { median } from "../measuring/median.ts";
import { autocorrelation } from "../statistics/autocorrelation.ts";
import { distanceOf, farthest } from "../statistics/kolmogorov.ts";
import { type BothWays, type Measured, openBothWays } from "./both-ways.ts";

const parts = inject("kernelParts");

/** Samples of one distribution fail a comparison so rarely. */
const ONCE_IN = 10_000_000;
const JITTERED = { delay: "60ms", jitter: "25ms" };

describe.skipIf(parts === undefined)("delays of puggle net", { timeout: 120_000 }, () => {
  let kernel: Kernel;
  let both: BothWays;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    both = await openBothWays(kernel);
  });

  afterAll(() => kernel?.stop());

  test.for([4, 80])("are within 1 ms of a plain root netem's of %i ms, both ways, by IPv4 and IPv6", async (delayMs) => {
    await both.emulate({ delay: `${delayMs}ms` });
    await both.emulatePlainly("delay", `${delayMs}ms`);
    for (const { way, seen, plain } of await both.pingAllAndPlain({ count: 30, intervalMs: 20 })) {
      const [ours, theirs] = [median(seen.roundTripsMs), median(plain.roundTripsMs)];
      console.log(`${way.label}: ${ours} ms beside ${theirs} ms`);
      expect.soft(Math.abs(ours - theirs), way.label).toBeLessThan(1);
      expect.soft(Math.abs(ours - delayMs), way.label).toBeLessThan(2);
      expect.soft(seen.lost, way.label).toBe(0);
    }
  });

  describe("differ as a plain root netem's", () => {
    const spreads = new Map<string, readonly number[]>();

    test.for(["uniform", "normal", "pareto", "paretonormal"])("by a %s distribution", async (distribution) => {
      await both.emulate({ ...JITTERED, distribution });
      const table = distribution === "uniform" ? [] : ["distribution", distribution];
      await both.emulatePlainly("delay", JITTERED.delay, JITTERED.jitter, ...table);
      const results = await both.pingAllAndPlain({ count: 200, intervalMs: 10 });
      const [ours, theirs] = [results.flatMap(({ seen }) => seen.roundTripsMs), results.flatMap(({ plain }) => plain.roundTripsMs)];
      spreads.set(distribution, ours);
      const distance = distanceOf(ours, theirs);
      const most = farthest(ours, theirs, ONCE_IN);
      console.log(
        `${distribution}: ${distance.toFixed(3)} of at most ${most.toFixed(3)} apart; quartiles ${quartiles(ours)} and ${quartiles(theirs)} ms`,
      );
      expect.soft(distance).toBeLessThan(most);
      for (const { way, seen, plain } of results) {
        const [own, other] = [seen.roundTripsMs, plain.roundTripsMs];
        expect.soft(distanceOf(own, other), way.label).toBeLessThan(farthest(own, other, ONCE_IN));
      }
    });

    test("and one distribution is not taken for another", () => {
      const [uniform = [], pareto = [], normal = []] = ["uniform", "pareto", "normal"].map((name) => spreads.get(name));
      expect(distanceOf(uniform, pareto)).toBeGreaterThan(farthest(uniform, pareto, ONCE_IN));
      expect(distanceOf(normal, pareto)).toBeGreaterThan(farthest(normal, pareto, ONCE_IN));
    });
  });

  test("hang on those before them as little as a plain root netem's, which takes a remainder of what it correlates", async () => {
    // Of 200 values without correlation one of 0.4 is seen once in 10^7 cases. `tabledist` in net/sched/sch_netem.c divides 32 bits by the spread, or by
    // the length of the table, and uses what is left: nothing of a correlation of 90 % is.
    await both.emulate({ ...JITTERED, correlation: "90%" });
    await both.emulatePlainly("delay", JITTERED.delay, JITTERED.jitter, "90%");
    const results = await both.pingAllAndPlain({ count: 200, intervalMs: 10 });
    for (const { way, seen, plain } of results) {
      const [ours, theirs] = [seen, plain].map((one) => autocorrelation(inOrder(one)));
      console.log(`${way.label}: correlation ${ours?.toFixed(2)} beside ${theirs?.toFixed(2)}`);
      expect.soft(Math.abs(ours ?? 1), way.label).toBeLessThan(0.4);
      expect.soft(Math.abs(theirs ?? 1), way.label).toBeLessThan(0.4);
    }
    const [command = "", ...launcher] = both.network.inPod;
    const { stdout } = await kernel.run(command, [...launcher, "tc", "qdisc", "show"]);
    expect(stdout.match(/netem .* delay 60ms {2}25ms 90%/g)).toHaveLength(both.ways.length);
  });
});

function quartiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * sorted.length)]).join(", ");
}

/** As they were sent: late ones were overtaken. */
function inOrder({ roundTripsMs, sequence }: Measured["seen"]): readonly number[] {
  return sequence
    .map((number, at) => [number, roundTripsMs[at] ?? 0] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, roundTripMs]) => roundTripMs);
}
