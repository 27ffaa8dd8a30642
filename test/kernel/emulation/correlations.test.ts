import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { type PingResult, ping } from "../measuring/ping.ts";
import { autocorrelation } from "../statistics/autocorrelation.ts";
import { meanOf } from "../statistics/lost-runs.ts";
import { type BothWays, openBothWays } from "./both-ways.ts";

const parts = inject("kernelParts");

const MANY = { count: 1_200, intervalMs: 5, waitMs: 500 };
/** Deviations; more are seen once in 10^6 cases. */
const FAR = 4.9;
/** Of the correlation of so many values that hang together by 0.4: Bartlett's formula gives 0.032. */
const DEVIATION = 1.1 / Math.sqrt(MANY.count);

/** A root netem loses what is asked of neighbours too, and with it all that waits for the answer. */
const KEEP_NEIGHBOURS = `ip -n "$1" neigh show | while read -r address _ device _ lladdr _; do
  ip -n "$1" neigh replace "$address" dev "$device" lladdr "$lladdr" nud permanent
done`;

const correlated = { probability: "40%", correlation: "60%" };
const chance = ["40%", "60%"];
// tc 6.1 sends the correlation of some of them only where one of delays is said.
const NO_DELAY = ["delay", "0ms", "0ms", "0%"];

interface Case {
  readonly what: string;
  readonly emulation: object;
  /** For tc. */
  readonly plain: readonly string[];
  /** Did it happen to the packet of this number? */
  readonly had: (result: PingResult, number: number) => boolean;
  /** Both where left out. */
  readonly families?: readonly (4 | 6)[];
}

describe.skipIf(parts === undefined)("correlations of puggle net", { timeout: 120_000 }, () => {
  let kernel: Kernel;
  let both: BothWays;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    both = await openBothWays(kernel);
    for (const network of Object.values(both.plain)) {
      for (const to of [network.farIpv4[0] ?? "", network.farIpv6[0] ?? ""]) await ping(kernel, { to, launcher: network.inPod, count: 2 });
      for (const namespace of [network.pod, network.far]) await kernel.shell(KEEP_NEIGHBOURS, [namespace]);
    }
  });

  afterAll(() => kernel?.stop());

  /** Of the plain networks one version alone: both would go through one netem, one between the other. */
  const pingPlain = (family: 4 | 6) =>
    Promise.all(
      Object.values(both.plain).map(({ farIpv4, farIpv6, inPod }) => {
        const [to = ""] = family === 4 ? farIpv4 : farIpv6;
        return ping(kernel, { ...MANY, to, launcher: inPod });
      }),
    );
  const pingOurs = (families: readonly (4 | 6)[]) =>
    Promise.all(
      both.ways
        .filter(({ family }) => families.includes(family))
        .map(async (way) => ({ way, seen: await ping(kernel, { ...MANY, to: way.address, launcher: both.network.inPod }) })),
    );

  test.for([
    { what: "losses", emulation: { loss: correlated }, plain: ["loss", "random", ...chance], had: isLost },
    { what: "duplicates", emulation: { duplicate: correlated }, plain: [...NO_DELAY, "duplicate", ...chance], had: isDoubled },
    // By IPv4 ping is given packets whose checksum is wrong, and counts some of them.
    { what: "broken packets", emulation: { corrupt: correlated }, plain: [...NO_DELAY, "corrupt", ...chance], had: isLost, families: [6] },
    {
      what: "packets that overtake",
      emulation: { delay: "40ms", reorder: correlated },
      plain: ["delay", "40ms", "reorder", ...chance],
      had: isAtOnce,
    },
  ] as readonly Case[])("of $what are those of a plain root netem", async ({ emulation, plain, had, families = [4, 6] }) => {
    await both.emulate(emulation);
    await both.emulatePlainly(...plain);
    const [results, others] = await Promise.all([pingOurs(families), pingPlain(families[0] ?? 4)]);
    const of = (result: PingResult) => autocorrelation(numbersOf(result).map((number) => (had(result, number) ? 1 : 0)));
    const ours = results.map(({ seen }) => of(seen));
    const theirs = others.map(of);
    const labelled = ours.map((one, at) => `${results[at]?.way.label} ${one.toFixed(2)}`);
    console.log(`${labelled.join(", ")}; plain ${theirs.map((one) => one.toFixed(2)).join(" and ")}`);
    const difference = Math.abs(meanOf(ours) - meanOf(theirs));
    expect(difference).toBeLessThan(FAR * DEVIATION * Math.sqrt(1 / ours.length + 1 / theirs.length));
    // Without a correlation it is that of chance.
    for (const one of ours) expect(one).toBeGreaterThan(FAR / Math.sqrt(MANY.count));
  });
});

function numbersOf({ sent }: PingResult): readonly number[] {
  return Array.from({ length: sent }, (_, index) => index + 1);
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
