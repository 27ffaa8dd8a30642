import { describe, expect, it } from "vitest";
import { parseQdiscs, readQdisc } from "../kernel/parse-qdiscs.ts";
import { parseTcJson } from "../kernel/tc-json.ts";
import type { Degradation } from "../spec/emulation.ts";
import { lineOf } from "./commands.ts";
import { isAsAsked, qdiscCommands, qdiscsOf } from "./qdiscs.ts";
import type { Qdisc } from "./tree.ts";

const NOTHING: Degradation = { kind: "degradation", delayUs: 0, jitterUs: 0, delayCorrelation: 0 };
const chance = (probability: number, correlation = 0) => ({ probability, correlation });

function wordsOf(degradation: Partial<Degradation>, mtu = 1500): readonly string[] {
  const whole = { ...NOTHING, ...degradation };
  return qdiscCommands("add", "pgl0", qdiscsOf(whole, mtu), whole).map((command) => lineOf(command).replace("qdisc add dev pgl0 ", ""));
}

function readBack(options: object, kind = "netem"): readonly Qdisc[] {
  return parseQdiscs(parseTcJson(JSON.stringify([{ kind, handle: "1:", root: true, options }]))).flatMap((one) => readQdisc(one) ?? []);
}

/** As Linux 6.1 and iproute2 6.1 took them, and printed them afterwards. */
const CASES: readonly [Partial<Degradation>, string, object][] = [
  [{ delayUs: 500 }, "limit 1000 delay 500us 0us 0%", { limit: 1000, delay: { delay: 0.000499, jitter: 0, correlation: 0 } }],
  [{ delayUs: 1 }, "limit 1000 delay 1us 0us 0%", { limit: 1000 }],
  [
    { delayUs: 274_877_906 },
    "limit 4000000 delay 274877906us 0us 0%",
    { limit: 4_000_000, delay: { delay: 274.878, jitter: 0, correlation: 0 } },
  ],
  [
    { delayUs: 1_000, jitterUs: 500, delayCorrelation: 1 / 3, distribution: "normal" },
    "limit 2250 delay 1000us 500us 33.3333333333% distribution normal",
    { limit: 2250, delay: { delay: 0.001, jitter: 0.000499, correlation: 0.333333 } },
  ],
  [
    { delayUs: 1_000, jitterUs: 500, distribution: "uniform" },
    "limit 2250 delay 1000us 500us 0%",
    { limit: 2250, delay: { delay: 0.001, jitter: 0.000499, correlation: 0 } },
  ],
  [
    { loss: { kind: "random", ...chance(0.00001, 0.25) } },
    "limit 1000 delay 0us 0us 0% loss random 0.001% 25%",
    { limit: 1000, "loss-random": { loss: 1.00001e-5, correlation: 0.25 } },
  ],
  [
    { loss: { kind: "random", ...chance(2 ** -32) } },
    "limit 1000 delay 0us 0us 0% loss random 0.0000000233% 0%",
    { limit: 1000, "loss-random": { loss: 2.32831e-10, correlation: 0 } },
  ],
  [
    { loss: { kind: "gemodel", p: 0.01, r: 0.1, lostWhenBad: 0.7, lostWhenGood: 0.001 } },
    "limit 1000 delay 0us 0us 0% loss gemodel 1% 10% 70% 0.1%",
    { limit: 1000, "loss-gemodel": { p: 0.01, r: 0.1, "1-h": 0.7, "1-k": 0.001 } },
  ],
  [
    { loss: { kind: "state", p13: 0.01, p31: 0.1, p32: 0, p23: 1, p14: 0 } },
    "limit 1000 delay 0us 0us 0% loss state 1% 10% 0% 100% 0%",
    { limit: 1000, "loss-state": { p13: 0.01, p31: 0.1, p32: 0, p23: 1, p14: 0 } },
  ],
  [
    { duplicate: chance(0.01, 0.25) },
    "limit 1000 delay 0us 0us 0% duplicate 1% 25%",
    { limit: 1000, duplicate: { duplicate: 0.01, correlation: 0.25 } },
  ],
  [
    { corrupt: chance(0.99999) },
    "limit 1000 delay 0us 0us 0% corrupt 99.999% 0%",
    { limit: 1000, corrupt: { corrupt: 0.99999, correlation: 0 } },
  ],
  [
    { delayUs: 1_000, reorder: { ...chance(0.01), gap: 4_294_967_295 } },
    "limit 1500 delay 1000us 0us 0% reorder 1% 0% gap 4294967295",
    { limit: 1500, delay: { delay: 0.001, jitter: 0, correlation: 0 }, reorder: { reorder: 0.01, correlation: 0 }, gap: 4_294_967_295 },
  ],
];

describe("netem", () => {
  it.each(CASES)("of %j is told as: %s", (degradation, words) => {
    expect(wordsOf(degradation)).toEqual([`root handle 1: netem ${words}`]);
  });

  it.each(CASES)("of %j is recognised by what the kernel tells", (degradation, _words, options) => {
    const found = readBack({ ecn: false, gap: 0, ...options });
    expect(isAsAsked(qdiscsOf({ ...NOTHING, ...degradation }, 1500), found)).toBe(true);
  });

  it.each<[Partial<Degradation>, object]>([
    [{ delayUs: 10_000 }, { limit: 15_000, delay: { delay: 0.01001, jitter: 0, correlation: 0 } }],
    [{ delayUs: 10_000 }, { limit: 15_001, delay: { delay: 0.01, jitter: 0, correlation: 0 } }],
    [{ delayUs: 10_000 }, { limit: 15_000, delay: { delay: 0.01, jitter: 0, correlation: 0.1 } }],
    [{ loss: { kind: "random", ...chance(1e-7) } }, { limit: 1000, "loss-random": { loss: 9e-7, correlation: 0 } }],
    [{ loss: { kind: "random", ...chance(0.1) } }, { limit: 1000 }],
  ])("of %j is not taken for %j", (degradation, options) => {
    expect(isAsAsked(qdiscsOf({ ...NOTHING, ...degradation }, 1500), readBack(options))).toBe(false);
  });

  it.each([
    ["any, where none was asked for", undefined, 12_345, true],
    ["no other than was asked for", 0n, 12_345, false],
    ["the one that was asked for", 2n ** 64n - 1n, 2 ** 64, true],
  ])("may have as its seed %s", (_what, seed, told, isRight) => {
    const found = readBack({ limit: 15_000, delay: { delay: 0.01, jitter: 0, correlation: 0 }, seed: told });
    expect(isAsAsked(qdiscsOf({ ...NOTHING, delayUs: 10_000, ...(seed === undefined ? {} : { seed }) }, 1500), found)).toBe(isRight);
  });
});

describe("a rate", () => {
  it.each<[Partial<Degradation>, number, string, object]>([
    [{ rate: 8_000_000 }, 1500, "rate 8000000bit burst 6518b limit 50000b", { rate: 1_000_000, burst: 6517, lat: 43_483 }],
    [{ rate: 1_912, queueUs: 1 }, 65_536, "rate 1912bit burst 65555b limit 65557b", { rate: 239, burst: 65_554, lat: 12_552 }],
    [
      { rate: 1e12, queueUs: 1_000_000 },
      1500,
      "rate 1000000000000bit burst 625001518b limit 4294967295b",
      { rate: 125_000_000_000, burst: 624_875_000, lat: 29_360 },
    ],
  ])("of %j with an MTU of %i is told as: %s", (degradation, mtu, words, options) => {
    expect(wordsOf(degradation, mtu)).toEqual([`root handle 1: tbf ${words}`]);
    expect(isAsAsked(qdiscsOf({ ...NOTHING, ...degradation }, mtu), readBack(options, "tbf"))).toBe(true);
  });

  it("stands below netem, which keeps the order where there is jitter", () => {
    expect(wordsOf({ rate: 8_000_000, delayUs: 10_000, jitterUs: 1_000 })).toEqual([
      "root handle 1: netem limit 16500 delay 10000us 1000us 0% rate 100000000000bit",
      "parent 1:1 handle 10: tbf rate 8000000bit burst 6518b limit 50000b",
    ]);
  });

  it("that the kernel can not hold is not taken for what was asked", () => {
    expect(isAsAsked(qdiscsOf({ ...NOTHING, rate: 8 }, 1500), readBack({ rate: 1, burst: 143, lat: 2_892_389_535 }, "tbf"))).toBe(false);
  });
});
