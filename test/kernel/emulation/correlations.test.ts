import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import type { PingResult } from "../measuring/ping.ts";
import { autocorrelation } from "../statistics/autocorrelation.ts";
import { type BothWays, openBothWays } from "./both-ways.ts";

const parts = inject("kernelParts");

const MANY = { count: 600, intervalMs: 5, waitMs: 500 };
/** Deviations; more are seen once in 10^6 cases. */
const FAR = 4.9;
/** Of a correlation of 600 values: 1 / sqrt(600); they hang together, and it is some more. */
const DEVIATION = 0.05;

describe.skipIf(parts === undefined)("correlations of puggle net", { timeout: 120_000 }, () => {
  let kernel: Kernel;
  let both: BothWays;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    both = await openBothWays(kernel);
  });

  afterAll(() => kernel?.stop());

  const share = { probability: "40%", correlation: "60%" };
  const chance = ["40%", "60%"];
  test.for([
    { what: "losses", emulation: { loss: share }, plain: ["loss", "random", ...chance], had: isLost },
    // tc 6.1 sends a correlation of these only where one of delays or losses is said.
    { what: "duplicates", emulation: { duplicate: share }, plain: ["delay", "0ms", "0ms", "0%", "duplicate", ...chance], had: isDoubled },
    { what: "broken packets", emulation: { corrupt: share }, plain: ["delay", "0ms", "0ms", "0%", "corrupt", ...chance], had: isLost },
    { what: "overtaking", emulation: { delay: "40ms", reorder: share }, plain: ["delay", "40ms", "reorder", ...chance], had: isAtOnce },
  ])("of $what are those of a plain root netem", async ({ emulation, plain, had }) => {
    const seen: number[] = [];
    for (const isCorrelated of [true, false]) {
      const uncorrelated = JSON.parse(JSON.stringify(emulation).replace('"60%"', '"0%"'));
      await both.emulate(isCorrelated ? emulation : uncorrelated);
      await both.emulatePlainly(...plain.map((word) => (isCorrelated ? word : word.replace("60%", "0%"))));
      const results = await both.pingAllAndPlain(MANY);
      const of = (result: PingResult) => autocorrelation(numbersOf(result).map((number) => (had(result, number) ? 1 : 0)));
      const ours = results.map((one) => of(one.seen));
      const theirs = results.map((one) => of(one.plain));
      const means = [ours, theirs].map(meanOf) as [number, number];
      console.log(
        `correlation ${isCorrelated ? "60" : "0"} %: ${ours.map((one, at) => `${results[at]?.way.label} ${one.toFixed(2)} beside ${theirs[at]?.toFixed(2)}`).join(", ")}; means ${means.map((mean) => mean.toFixed(2)).join(" and ")}`,
      );
      expect(Math.abs(means[0] - means[1])).toBeLessThan(FAR * DEVIATION * Math.sqrt(2 / both.ways.length));
      seen.push(means[0]);
    }
    console.log(seen);
  });
});

function numbersOf({ sent }: PingResult): readonly number[] {
  return Array.from({ length: sent }, (_, index) => index + 1);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function isLost({ sequence }: PingResult, number: number): boolean {
  return !sequence.includes(number);
}

function isDoubled({ duplicated }: PingResult, number: number): boolean {
  return duplicated.includes(number);
}

function isAtOnce({ sequence, roundTripsMs }: PingResult, number: number): boolean {
  return (roundTripsMs[sequence.indexOf(number)] ?? Number.POSITIVE_INFINITY) < 38;
}
