import {
  describeIssues,
  findTextProblem,
  type LocatedDocument,
  placeOf,
  readYaml,
  type Source,
  type ValuePath,
} from "@puggle/model/documents";
import type { EmulationSpec } from "../emulation.ts";
import { checkRules } from "./check-rules.ts";
import { findPeerConflicts } from "./checks/index.ts";
import { readSpec } from "./read-spec.ts";
import { specSchema } from "./schema.ts";
import { findTooManyMatches, findTooManyRules } from "./sizes.ts";
import { SPEC_KIND } from "./spec-kind.ts";
import { inRule, SpecError, type SpecProblem } from "./spec-problem.ts";
import { findWrittenRules, isMap, type WrittenRule } from "./written-rule.ts";

/**
 * Reads a spec: the body of a network emulation, in YAML 1.2 or JSON.
 *
 * @param source - its text, and what problems call it
 * @returns the rules in the order in which they are obeyed, durations in microseconds, rates in bits a second, chances from 0 to 1
 * @throws {@link SpecError} with every problem, each with its place
 *
 * @example
 * ```ts
 * const spec = parseSpec({ path: "spec.yaml", text: "egress: [{ to: [{ host: api.example.com }], delay: 120ms, loss: 1% }]\n" });
 * spec.rules[0].emulation; // { kind: "degradation", delayUs: 120000, jitterUs: 0, ..., loss: { kind: "random", probability: 0.01, ... } }
 * ```
 */
export function parseSpec(source: Source): EmulationSpec {
  const document = readDocument(source);
  const tooManyRules = findTooManyRules(document);
  if (tooManyRules !== undefined) throw new SpecError([tooManyRules]);

  const rules = findWrittenRules(document.value);
  const parsed = specSchema.safeParse(document.value);
  const problems = [
    ...describeSchemaProblems(document, rules, parsed.error?.issues ?? []),
    ...checkRules(document, rules),
    ...checkProbes(document),
  ];
  if (problems.length > 0 || !parsed.success) throw new SpecError(problems);

  const spec = readSpec(parsed.data);
  const tooManyMatches = findTooManyMatches(document, spec);
  if (tooManyMatches !== undefined) throw new SpecError([tooManyMatches]);
  return spec;
}

function readDocument(source: Source): LocatedDocument {
  const textProblem = findTextProblem(source, SPEC_KIND);
  if (textProblem !== undefined) throw new SpecError([textProblem]);
  const { documents, problems } = readYaml(source, SPEC_KIND);
  const [document, second] = documents;
  if (problems.length > 0 || document === undefined) throw new SpecError(problems);
  if (second === undefined) return document;
  const message = `the file holds ${documents.length} documents, and one namespace obeys one`;
  throw new SpecError([{ ...placeOf(second, []), code: "several-documents", message, fix: "write all rules into one" }]);
}

type Issues = Parameters<typeof describeIssues>[1];

/** The schema's problems, with the names of the rules that have them. */
function describeSchemaProblems(document: LocatedDocument, rules: readonly WrittenRule[], issues: Issues): SpecProblem[] {
  const labels = new Map(rules.map(({ path, label }) => [path.join("/"), label]));
  const ofRules = Map.groupBy(issues, ({ path }) => labels.get(path.slice(0, 2).join("/")));
  return Array.from(ofRules, ([label, own]) => describeIssues(document, own, SPEC_KIND).map((problem) => inRule(problem, label))).flat();
}

function checkProbes(document: LocatedDocument): SpecProblem[] {
  const pass = isMap(document.value) ? document.value.pass : undefined;
  if (!isMap(pass)) return [];
  const at: ValuePath = ["pass"];
  return findPeerConflicts(pass, ["probes"]).map(({ path, ...finding }) => ({ ...placeOf(document, [...at, ...path]), ...finding }));
}
