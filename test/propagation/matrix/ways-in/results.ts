import { stats } from "@puggle/propagation";
import type { WayResult } from "../cells.ts";
import { checkWay } from "./contract.ts";
import type { OtherWayIn, Outcome, WayIn } from "./way.ts";

/** What no check waits for, such as an error that nobody handles; of the way that is being tried. */
let stray: Record<string, string> = {};
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    stray[event] = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
}

/** Puts a way to its contract. */
export async function tryWay(way: WayIn | OtherWayIn): Promise<WayResult> {
  const before = stats();
  stray = {};
  const outcomes: Record<string, Outcome> = "check" in way ? await way.check() : await checkWay(way);
  const failures = stats().failures - before.failures;
  const faults: Record<string, string> = failures === 0 ? { ...stray } : { ...stray, failures: `failures was counted ${failures} times` };
  const cannot: Record<string, string> = {};
  for (const [check, outcome] of Object.entries(outcomes)) {
    if (outcome === "ok") continue;
    if ("cannot" in outcome) cannot[check] = outcome.cannot;
    else faults[check] = outcome.failed;
  }
  const isGreen = Object.keys(faults).length === 0;
  return {
    direction: "in",
    way: nameOf(way),
    ...(way.version === "" ? {} : { version: way.version }),
    cannot,
    cell: isGreen ? { is: "green" } : { is: "red", faults },
  };
}

/** As a row of the table has it. */
export function nameOf({ way, by }: Pick<WayIn, "way" | "by">): string {
  return by === "adapter" ? `${way}, by its adapter` : way;
}
