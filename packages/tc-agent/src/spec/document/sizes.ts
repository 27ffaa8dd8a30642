import { type LocatedDocument, placeOf } from "@puggle/model/documents";
import type { EmulationSpec } from "../emulation.ts";
import { countMatches, MOST_MATCHES } from "../rules/count-matches.ts";
import type { SpecProblem } from "./spec-problem.ts";
import { isMap } from "./written-rule.ts";

/** How many rules a spec may have. */
const MOST_RULES = 1_000;

/** Refuses too many rules before each of them is looked at. */
export function findTooManyRules(document: LocatedDocument): SpecProblem | undefined {
  if (!isMap(document.value)) return undefined;
  const lists = [document.value.egress, document.value.ingress].filter((list) => Array.isArray(list));
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  if (count <= MOST_RULES) return undefined;
  return {
    ...placeOf(document, [Array.isArray(document.value.egress) ? "egress" : "ingress"], "key"),
    code: "too-many-rules",
    message: `the spec has ${count} rules, more than ${MOST_RULES}`,
    fix: "put the peers of rules that emulate the same into one rule",
  };
}

/** Refuses what would be too many filters, counting one address for each host. */
export function findTooManyMatches(document: LocatedDocument, spec: EmulationSpec): SpecProblem | undefined {
  const count = countMatches(spec);
  if (count <= MOST_MATCHES) return undefined;
  return {
    ...placeOf(document, []),
    code: "too-many-matches",
    message: `the rules multiply out to ${count} matches, more than ${MOST_MATCHES}`,
    fix: "name larger blocks of addresses, ranges of ports, or the protocol",
  };
}
