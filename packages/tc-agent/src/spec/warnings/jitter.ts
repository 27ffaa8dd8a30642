import type { Degradation } from "../emulation.ts";
import { printDuration, printShare } from "./print-numbers.ts";
import type { RoundTrip } from "./round-trips.ts";
import type { Warning } from "./warning.ts";

const SPACING_US = 1_000;

/** netem sends each packet when its own delay is over; only where a rate lines packets up do they keep their order. */
export function warnOfReordering({ rule: { name, emulation } }: RoundTrip): Warning[] {
  const { jitterUs, rate } = emulation;
  if (jitterUs === 0 || rate !== undefined) return [];
  const message =
    `rule '${name}': a jitter of ${printDuration(jitterUs)} lets packets overtake each other: of two sent back to back about half, ` +
    `of two sent ${printDuration(SPACING_US)} apart about ${printShare(overtakingShare(emulation))}; add a rate to keep them in order`;
  return [{ rule: name, code: "jitter-reorders", message }];
}

/** netem correlates random numbers and then takes a remainder of them, of which next to nothing hangs on the number before. */
export function warnOfDelayCorrelation({ rule: { name, emulation } }: RoundTrip): Warning[] {
  const { delayCorrelation } = emulation;
  if (delayCorrelation === 0) return [];
  const message = `rule '${name}': a correlation of ${printShare(delayCorrelation)} is told to netem, whose delays show next to nothing of it`;
  return [{ rule: name, code: "delay-correlation", message }];
}

/** How probable it is that two delays differ by more than the spacing, the first being the longer one. */
function overtakingShare({ jitterUs, distribution = "uniform" }: Degradation): number {
  if (distribution === "uniform") return Math.max(0, 1 - SPACING_US / (2 * jitterUs)) ** 2 / 2;
  // The others' tables have the jitter for their standard deviation; taken as normal, as this is about an order of magnitude.
  return upperTail(SPACING_US / (Math.SQRT2 * jitterUs));
}

/** Of the normal distribution (Abramowitz and Stegun, 26.2.17). */
function upperTail(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
