import { BAGGAGE_KEY } from "../names.ts";
import { MAX_BYTES, MAX_MEMBERS, membersOf } from "./members.ts";

/**
 * Adds our entry to a `baggage` header, or makes one of it alone. `undefined` where it is there already, or where the header would
 * become larger than receivers have to take: what the caller put there goes before.
 */
export function addToBaggage(header: string | undefined, name: string): string | undefined {
  const entry = `${BAGGAGE_KEY}=${name}`;
  if (header === undefined || header.trim() === "") return entry;
  const members = membersOf(header);
  if (members.some(({ key }) => key === BAGGAGE_KEY) || members.length >= MAX_MEMBERS) return undefined;
  const extended = `${header},${entry}`;
  return Buffer.byteLength(extended) > MAX_BYTES ? undefined : extended;
}
