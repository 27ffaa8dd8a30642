import { BAGGAGE_KEY } from "../names.ts";
import { membersOf } from "./members.ts";

/**
 * Makes a `baggage` header agree with the name that the request carries: `undefined` where it does already or does not speak of
 * virtual clusters. All other members come out as they went in; of several entries of ours the first is kept.
 */
export function rewriteBaggage(header: string, name: string): string | undefined {
  if (!header.includes(BAGGAGE_KEY)) return undefined;
  const members = membersOf(header);
  const ours = members.filter((member) => member.key === BAGGAGE_KEY);
  const [first] = ours;
  if (first === undefined || (ours.length === 1 && first.value === name)) return undefined;
  return members
    .filter((member) => member.key !== BAGGAGE_KEY || member === first)
    .map((member) => (member === first ? `${BAGGAGE_KEY}=${name}${member.properties}` : member.text))
    .join(",");
}
