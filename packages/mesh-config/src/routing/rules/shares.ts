import type { Share } from "../table.ts";

/** Istio counts a percentage in millionths. */
export function shareOfPercentage(value: number): Share {
  return { numerator: Math.trunc(value * 10_000), denominator: 1_000_000 };
}

/** A whole number of percent. */
export function shareOfPercent(value: number): Share {
  return { numerator: value, denominator: 100 };
}

export const ALWAYS: Share = shareOfPercent(100);

/** From 0 to 1; more than the whole is the whole. */
export function shareToNumber({ numerator, denominator }: Share): number {
  return Math.min(1, numerator / denominator);
}
