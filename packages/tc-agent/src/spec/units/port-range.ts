import type { PortRange } from "../emulation.ts";
import type { Fault } from "../fault.ts";

export const A_PORT = "a port such as 443, or a range such as 8000-8010";

const RANGE = /^(?<from>\d{1,6})(?:-(?<to>\d{1,6}))?$/;
const HIGHEST = 65_535;

/** Reads a port, or a range of ports, both ends included. */
export function parsePortRange(text: string): PortRange | Fault {
  const ends = RANGE.exec(text)?.groups;
  if (ends === undefined) return { message: `must be ${A_PORT}`, fix: "write each port or range as an entry of its own" };
  const from = Number(ends.from);
  const to = Number(ends.to ?? ends.from);
  if (from > to) return { message: "runs backwards", fix: `write ${to}-${from}` };
  if (from < 1 || to > HIGHEST) return { message: "is out of range", fix: `ports are from 1 to ${HIGHEST}` };
  return { from, to };
}
