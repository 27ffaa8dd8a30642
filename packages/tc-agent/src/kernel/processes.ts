import { readdirSync } from "node:fs";

/** The ids of all processes that this one sees. */
export function processIds(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
