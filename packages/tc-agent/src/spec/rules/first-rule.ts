import type { Rule, Rules } from "../emulation.ts";
import { matchesPacket, type Packet } from "./packet.ts";

/**
 * The one rule that a packet obeys, or `undefined` where it passes untouched: what must pass passes, and then the first rule of its direction
 * counts that matches it and does not except it. A rule that excepts a packet leaves it to the rules after it.
 *
 * Neighbour discovery, which always passes, is no concern of this model.
 */
export function firstRule({ rules, pass }: Rules, packet: Packet): Rule | undefined {
  if (pass.some((match) => matchesPacket(match, packet))) return undefined;
  return rules.find(
    ({ direction, matches, except }) =>
      direction === packet.direction &&
      matches.some((match) => matchesPacket(match, packet)) &&
      !except.some((match) => matchesPacket(match, packet)),
  );
}
