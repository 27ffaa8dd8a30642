import type { NameFault } from "../counters.ts";
import { BAGGAGE_KEY, findNameFault } from "../names.ts";
import { MAX_BYTES, MAX_MEMBERS, membersOf } from "./members.ts";

/** What a `baggage` header says about the virtual cluster. */
export type BaggageReading =
  | { readonly name: string }
  | { readonly fault: NameFault | "malformed" | "too-large" }
  /** It says nothing. */
  | undefined;

/**
 * Reads the entry `virtual-cluster-name` of a W3C `baggage` header: percent-decoded, properties ignored.
 *
 * An entry that stands twice with two values is `repeated`: which of them is meant is uncertain.
 */
export function readBaggage(header: string): BaggageReading {
  if (!header.includes(BAGGAGE_KEY)) return undefined;
  if (Buffer.byteLength(header) > MAX_BYTES) return { fault: "too-large" };
  const members = membersOf(header);
  if (members.length > MAX_MEMBERS) return { fault: "too-large" };

  let found: string | undefined;
  for (const member of members) {
    if (member.key !== BAGGAGE_KEY) continue;
    const value = decode(member.value);
    if (value === undefined) return { fault: "malformed" };
    if (found !== undefined && found !== value) return { fault: "repeated" };
    found = value;
  }
  if (found === undefined) return undefined;
  const fault = findNameFault(found);
  return fault === undefined ? { name: found } : { fault };
}

function decode(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
