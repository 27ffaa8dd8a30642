import { type Fault, isFault } from "../fault.ts";
import { parseQuantity } from "./quantity.ts";

export const A_PERCENTAGE = "a percentage such as 1%";

/** netem holds a probability as a 32-bit number. */
const LEAST = 2 ** -32;

/** Reads a percentage as a number from 0 to 1. */
export function parsePercentage(text: string): number | Fault {
  const quantity = parseQuantity(text, A_PERCENTAGE, ["%"]);
  if (isFault(quantity)) return quantity;
  const fraction = Number(quantity.decimal) / 100;
  if (fraction > 1) return { message: "is more than everything", fix: "write at most 100%" };
  if (fraction > 0 && fraction < LEAST) return { message: "is less than netem can tell", fix: "write at least 0.00000003%, or 0%" };
  return fraction;
}
