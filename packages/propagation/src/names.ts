import { findVirtualClusterNameFault, VIRTUAL_CLUSTER_BAGGAGE_KEY, VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import type { NameFault } from "./counters.ts";

/** The header, in lower case. */
export const HEADER: string = VIRTUAL_CLUSTER_HEADER;

/** The key of the second carrier's entry. */
export const BAGGAGE_KEY: string = VIRTUAL_CLUSTER_BAGGAGE_KEY;

let lastValid: string | undefined;

/** What is wrong with a value that is meant to be a name; `undefined` where nothing is. */
export function findNameFault(value: string): NameFault | undefined {
  // Requests of a virtual cluster come in bursts.
  if (value === lastValid) return undefined;
  const fault = findVirtualClusterNameFault(value);
  if (fault === undefined) lastValid = value;
  return fault;
}

/** Is this header name `baggage`? */
export function isBaggage(name: unknown): boolean {
  return typeof name === "string" && name.length === 7 && name.toLowerCase() === "baggage";
}

/** Is this header name ours? Header names have no case. */
export function isOurHeader(name: unknown): boolean {
  return typeof name === "string" && name.length === HEADER.length && (name === HEADER || name.toLowerCase() === HEADER);
}
