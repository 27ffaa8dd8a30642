import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Degradation, Loss } from "../emulation.ts";
import { meanLoss } from "./mean-loss.ts";

const NONE: Degradation = { kind: "degradation", delayUs: 0, jitterUs: 0, delayCorrelation: 0 };

function meanOf(loss: Loss): number {
  return meanLoss({ ...NONE, loss });
}

describe("meanLoss", () => {
  it.each<[string, Degradation, number]>([
    ["none", NONE, 0],
    ["random loss", { ...NONE, loss: { kind: "random", probability: 0.2, correlation: 0.5 } }, 0.2],
    ["corruption", { ...NONE, corrupt: { probability: 0.1, correlation: 0 } }, 0.1],
    [
      "loss and corruption of what is not lost",
      { ...NONE, loss: { kind: "random", probability: 0.5, correlation: 0 }, corrupt: { probability: 0.5, correlation: 0 } },
      0.75,
    ],
    ["a Gilbert-Elliott model", { ...NONE, loss: { kind: "gemodel", p: 0.01, r: 0.03, lostWhenBad: 0.8, lostWhenGood: 0.04 } }, 0.23],
    ["one that never leaves the good state", { ...NONE, loss: { kind: "gemodel", p: 0, r: 0, lostWhenBad: 1, lostWhenGood: 0.1 } }, 0.1],
    ["states of single losses only", { ...NONE, loss: { kind: "state", p13: 0, p31: 1, p32: 0, p23: 1, p14: 0.25 } }, 0.2],
    ["states without a way back", { ...NONE, loss: { kind: "state", p13: 0.1, p31: 0, p32: 0, p23: 1, p14: 0 } }, 1],
    ["states that end in a burst", { ...NONE, loss: { kind: "state", p13: 0.1, p31: 0, p32: 0.2, p23: 0.6, p14: 0 } }, 0.75],
    ["states that end where nothing is lost", { ...NONE, loss: { kind: "state", p13: 0.1, p31: 0.1, p32: 0.2, p23: 0, p14: 0 } }, 0],
  ])("%s", (_what, degradation, expected) => {
    expect(meanLoss(degradation)).toBeCloseTo(expected, 12);
  });

  const share = fc.double({ min: 0.05, max: 0.5, noNaN: true });
  it("of states is what walking through them comes to", () => {
    fc.assert(
      fc.property(share, share, share, share, share, (p13, p31, p32, p23, p14) => {
        let states: readonly [number, number, number, number] = [1, 0, 0, 0];
        for (let step = 0; step < 2_000; step++) {
          const [one, two, three, four] = states;
          states = [
            one * (1 - p13 - p14) + three * p31 + four,
            two * (1 - p23) + three * p32,
            three * (1 - p31 - p32) + one * p13 + two * p23,
            one * p14,
          ];
        }
        expect(meanOf({ kind: "state", p13, p31, p32, p23, p14 })).toBeCloseTo(states[2] + states[3], 9);
      }),
      { numRuns: 30 },
    );
  });
});
