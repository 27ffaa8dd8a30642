import { type Fault, isFault } from "../fault.ts";
import { timesExactly } from "./decimal.ts";
import { parseQuantity } from "./quantity.ts";

export const A_RATE = "a rate such as 2mbit";

const MOST_BITS = 1_000_000_000_000n;
/** A token bucket holds no frame that takes longer than some 274 s; the largest are of 64 KB. */
const FEWEST_BITS = 2_000n;
const BITS = { mbit: 1_000_000n, kbit: 1_000n, bit: 1n, gbit: 1_000_000_000n } as const;
const UNITS = ["mbit", "kbit", "bit", "gbit"] as const;
const BYTES = /^(?<decimal>[\d.]*\d)(?<power>[kmg]?)bps$/i;

/** Reads a rate as bits a second. */
export function parseRate(text: string): number | Fault {
  const { decimal, power = "" } = BYTES.exec(text)?.groups ?? {};
  if (decimal !== undefined) return askForBits(decimal, `${power.toLowerCase()}bit`);
  const quantity = parseQuantity(text, A_RATE, UNITS);
  if (isFault(quantity)) return quantity;
  const bits = timesExactly(quantity.decimal, BITS[quantity.unit]);
  if (bits === 0n) return { message: "lets nothing through", fix: "write 'partition: true' instead" };
  // The kernel counts bytes a second.
  if (bits === undefined || bits % 8n !== 0n) return { message: "is no whole number of bytes a second", fix: "write a multiple of 8bit" };
  if (bits < FEWEST_BITS)
    return { message: "is slower than the kernel's token bucket can be for large packets", fix: "write at least 2kbit" };
  if (bits > MOST_BITS) return { message: "is more than any link carries", fix: "write at most 1000gbit, or leave it out" };
  return Number(bits);
}

function askForBits(decimal: string, unit: string): Fault {
  return {
    message: "could be bits or bytes: tc reads 'bps' as bytes a second",
    fix: `write ${decimal}${unit} if bits are meant, ${Number(decimal) * 8}${unit} if bytes`,
  };
}
