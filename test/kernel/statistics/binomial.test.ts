import { expect, test } from "vitest";
import { binomialInterval, burstInterval } from "./binomial.ts";

test.each([
  // From tables of the distribution: of 10 coins 0 to 10 leave out 0, and 1 to 9 leave out 1/1024 at each end; 2 to 8 would leave out 11/1024.
  { trials: 10, probability: 0.5, low: 1, high: 9 },
  { trials: 100, probability: 0.5, low: 37, high: 63 },
  { trials: 1_000, probability: 0.1, low: 76, high: 125 },
  { trials: 20, probability: 0, low: 0, high: 0 },
])("of $trials trials with $probability $low to $high succeed", ({ trials, probability, low, high }) => {
  expect(binomialInterval(trials, probability)).toEqual({ low, high });
});

test("bursts make the interval wider, and a chain without memory does not", () => {
  const plain = burstInterval(1_000, { p: 0.1, r: 0.9 });
  expect([Math.round(plain.low), Math.round(plain.high)]).toEqual([76, 124]);
  const bursts = burstInterval(1_000, { p: 0.02, r: 0.18 });
  expect((bursts.high - bursts.low) / (plain.high - plain.low)).toBeCloseTo(3);
});
