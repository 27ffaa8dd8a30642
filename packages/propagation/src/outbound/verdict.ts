import { rewriteBaggage } from "../baggage/rewrite.ts";
import { addToBaggage } from "../baggage/write.ts";
import type { WithholdReason } from "../counters.ts";
import { processState } from "../process-state.ts";
import type { Destination } from "../targets/judge.ts";

/** What an outbound request is, as far as the header is concerned. */
export interface OutboundRequest extends Destination {
  readonly method: string;
  /** Did the caller set the header? It is never changed, whatever it says and wherever it goes. */
  readonly hasOurHeader: boolean;
}

/** Decides whether a request gets the header, and counts it. */
export function mayCarryName(request: OutboundRequest): boolean {
  return processState.settings !== undefined && decide(request.method, request.hasOurHeader, processState.settings.isTarget(request));
}

/** The same where it is known already whether the request goes to a target. */
export function decide(method: string, hasOurHeader: boolean, isTarget: boolean): boolean {
  if (method === "CONNECT") return withhold("connect");
  if (hasOurHeader) return withhold("caller-set");
  if (!isTarget) return withhold("not-a-target");
  processState.counters.sent += 1;
  return true;
}

/** Counts a request that goes out without the header. */
export function withhold(reason: WithholdReason): false {
  processState.counters.withheld[reason] += 1;
  return false;
}

/**
 * The `baggage` header to send instead of the caller's, or of none: where the caller's names another virtual cluster than the request
 * carries, and, if asked for, where it names none. `undefined` where the caller's is right.
 */
export function agreeingBaggage(baggage: string | undefined, name: string): string | undefined {
  const { settings, counters } = processState;
  if (settings?.baggage !== true) return undefined;
  const agreeing = baggage === undefined ? undefined : rewriteBaggage(baggage, name);
  if (agreeing !== undefined) counters.baggageRewritten += 1;
  if (agreeing !== undefined || !settings.writesBaggage) return agreeing;
  const extended = addToBaggage(baggage, name);
  if (extended !== undefined) counters.baggageWritten += 1;
  return extended;
}
