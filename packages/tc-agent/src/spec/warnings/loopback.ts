import type { Rule } from "../emulation.ts";
import { covers, regionOf } from "../rules/region.ts";
import type { Warning } from "./warning.ts";

const LOOPBACK = [
  { family: 4, cidr: "127.0.0.0/8" },
  { family: 6, cidr: "::1/128" },
] as const;

/** What a process says to itself passes the device `lo` alone. */
export function warnOfLoopback({ name, matches }: Rule): Warning[] {
  const own = matches.filter((match) => LOOPBACK.some((one) => one.family === match.family && covers(regionOf(one), regionOf(match))));
  if (own.length === 0) return [];
  const addresses = [...new Set(own.map(({ cidr }) => cidr))].join(", ");
  return [
    { rule: name, code: "loopback", message: `rule '${name}': packets of ${addresses} stay on the device lo, and never meet the rule` },
  ];
}
