import type { Fault } from "../fault.ts";

export const A_SEED = "a whole number such as 42";

const MOST = 2n ** 64n - 1n;

/** Reads the seed of netem's random numbers. */
export function parseSeed(text: string): bigint | Fault {
  if (/^\d{1,20}$/.test(text)) {
    const seed = BigInt(text);
    if (seed <= MOST) return seed;
  }
  const message = `must be a whole number from 0 to ${MOST}`;
  return { message, fix: "write a number such as 42" };
}
