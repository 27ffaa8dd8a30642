import { type Fault, isFault } from "../fault.ts";
import { timesExactly } from "./decimal.ts";
import { parseQuantity } from "./quantity.ts";

export const A_DURATION = "a duration such as 120ms";

/** 2^32 - 1 microseconds, the longest that every version of netem takes: about 4,294 seconds. */
const LONGEST_US = 4_294_967_295n;
const MICROSECONDS = { ms: 1_000n, us: 1n, s: 1_000_000n } as const;
const UNITS = ["ms", "us", "s"] as const;

/** Reads a duration as microseconds. */
export function parseDuration(text: string): number | Fault {
  const quantity = parseQuantity(text, A_DURATION, UNITS);
  if (isFault(quantity)) return quantity;
  const microseconds = timesExactly(quantity.decimal, MICROSECONDS[quantity.unit]);
  if (microseconds === undefined) return { message: "is finer than a microsecond", fix: "write a whole number of microseconds" };
  if (microseconds > LONGEST_US) return { message: "is longer than netem can tell", fix: "write at most 4294s" };
  return Number(microseconds);
}
