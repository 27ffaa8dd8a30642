import { compareProblems, type DocumentProblemCode, formatProblems, type Problem } from "@puggle/model/documents";

/** What is wrong with a spec. A code keeps its meaning from version to version; the message may change. */
export type SpecProblemCode =
  | DocumentProblemCode
  | "several-documents"
  | "conflicting-keys"
  | "needs-another-key"
  | "emulates-nothing"
  | "duplicate-name"
  | "too-many-rules"
  | "too-many-matches";

/** One thing that is wrong with a spec: where, in which rule, what, and what to do about it. */
export interface SpecProblem extends Problem<SpecProblemCode> {
  /** The rule's name, or its place, as in `egress[0]`; absent where the problem is no rule's. */
  readonly rule?: string;
}

/** Says which rule a problem is of. */
export function inRule(problem: SpecProblem, rule: string | undefined): SpecProblem {
  return rule === undefined ? problem : { ...problem, rule, message: `rule '${rule}': ${problem.message}` };
}

/**
 * Thrown when a text is no spec: every problem at once, sorted by place.
 *
 * `message` prints one problem a line, at most 100 of them; {@link SpecError.problems} has them all.
 *
 * @example
 * ```ts
 * try {
 *   parseSpec({ path: "spec.yaml", text: "egress: [{ delay: 120 }]\n" });
 * } catch (error) {
 *   if (error instanceof SpecError) console.error(error.message);
 *   // spec.yaml:1:19: rule 'egress[0]': 'delay' is the number 120, but has no unit; write 120ms or 120us or 120s
 * }
 * ```
 */
export class SpecError extends Error {
  readonly code = "invalid-spec";
  readonly problems: readonly SpecProblem[];

  constructor(problems: readonly SpecProblem[]) {
    const sorted = problems.toSorted(compareProblems);
    super(formatProblems(sorted));
    this.name = "SpecError";
    this.problems = sorted;
  }
}
