import type { Counters } from "./counters.ts";
import { processState } from "./process-state.ts";

/** What the library did in this process since it started; plain JSON. */
export interface Stats extends Counters {
  /** Which hooks are active now. */
  readonly active: { readonly inbound: boolean; readonly outbound: boolean };
}

/**
 * Counts what was received, dropped, sent and withheld, since the process started.
 *
 * @example
 * ```ts
 * import { stats } from "@puggle/propagation";
 *
 * console.log(JSON.stringify(stats().withheld)); // {"not-a-target":0,"caller-set":0,"connect":0,"uncertain-origin":0}
 * ```
 */
export function stats(): Stats {
  const { settings, counters } = processState;
  return {
    active: { inbound: settings?.inbound === true, outbound: settings?.outbound === true },
    ...JSON.parse(JSON.stringify(counters)),
  };
}
