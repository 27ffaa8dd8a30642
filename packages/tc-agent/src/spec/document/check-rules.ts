import { formatPlace, type LocatedDocument, placeOf } from "@puggle/model/documents";
import {
  findImpossibleStates,
  findJitterOutOfRange,
  findLossConflicts,
  findMissingNeeds,
  findNoEffect,
  findPartitionWithMore,
  findPeerConflicts,
} from "./checks/index.ts";
import { inRule, type SpecProblem } from "./spec-problem.ts";
import type { Finding, WrittenRule } from "./written-rule.ts";

const CHECKS: readonly ((rule: WrittenRule) => Finding[])[] = [
  findMissingNeeds,
  findJitterOutOfRange,
  findPartitionWithMore,
  findNoEffect,
  findLossConflicts,
  findImpossibleStates,
  ({ raw }) => findPeerConflicts(raw, ["to", "from", "except"]),
];

/** What is wrong with rules beside their schema. */
export function checkRules(document: LocatedDocument, rules: readonly WrittenRule[]): SpecProblem[] {
  const ofEach = rules.flatMap((rule) =>
    CHECKS.flatMap((check) => check(rule)).map(({ path, ...finding }) =>
      inRule({ ...placeOf(document, [...rule.path, ...path]), ...finding }, rule.label),
    ),
  );
  return [...ofEach, ...findDuplicateNames(document, rules)];
}

function findDuplicateNames(document: LocatedDocument, rules: readonly WrittenRule[]): SpecProblem[] {
  const named = Map.groupBy(
    rules.filter(({ fields }) => fields.name !== undefined),
    ({ label }) => label,
  );
  return Array.from(named.values(), ([first, ...others]) =>
    others.map((other): SpecProblem => {
      const message = `the name is already at ${first === undefined ? "" : formatPlace(placeOf(document, [...first.path, "name"]))}`;
      const place = placeOf(document, [...other.path, "name"]);
      return inRule({ ...place, code: "duplicate-name", message, fix: "give each rule its own name, or none" }, other.label);
    }),
  ).flat();
}
