import { isIP } from "node:net";
import type { Fault } from "../fault.ts";

// The last label has a letter, so that no mistyped address passes for a name.
const HOST = /^(?=.{1,254}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/;
const RULE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})$/;

/** What reports call the packets that a spec lets pass, beside the names of rules. */
export const PASS = "pass";

export const A_HOST = "a host's name such as api.example.com";
export const A_RULE_NAME = "a name such as slow-db";

/** Reads a host's name; with a dot at its end it is looked up as it stands. */
export function parseHost(text: string): string | Fault {
  if (isIP(text) !== 0) return { message: "is an address", fix: `write 'cidr: ${text}'` };
  if (HOST.test(text)) return text;
  const message = "must be a DNS name in lower case";
  if (HOST.test(text.toLowerCase())) return { message, fix: `write ${text.toLowerCase()}` };
  return { message, fix: "write it without scheme, port and path, as in api.example.com" };
}

/** Reads a rule's name. Brackets stay free for the names of rules that have none, such as `egress[0]`. */
export function parseRuleName(text: string): string | Fault {
  if (text === PASS) return { message: "is what a spec calls that which passes", fix: "choose another name" };
  if (RULE.test(text)) return text;
  return {
    message: "must have 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
    fix: `write ${A_RULE_NAME}`,
  };
}
