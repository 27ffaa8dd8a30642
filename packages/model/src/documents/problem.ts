/** What can be wrong with any document, whatever it is about. */
export type DocumentProblemCode =
  | "file-too-large"
  | "not-text"
  | "empty-file"
  | "yaml-syntax"
  | "unsupported-yaml"
  | "duplicate-key"
  | "unknown-alias"
  | "too-many-aliases"
  | "too-deep"
  | "wrong-kind"
  | "missing-key"
  | "unknown-key"
  | "wrong-type"
  | "unknown-word"
  | "invalid-value";

/** A place in a file; `line` and `column` count from 1, columns in UTF-16 code units. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong: where, what, and what to do about it. A code keeps its meaning from version to version; the message may change. */
export interface Problem<Code extends string> extends Place {
  readonly code: Code;
  readonly message: string;
  readonly fix?: string;
}

export type DocumentProblem = Problem<DocumentProblemCode>;

const MOST_PROBLEMS_PRINTED = 100;

/** Prints a place as editors and terminals make it clickable: `file:line:column`. */
export function formatPlace({ path, line, column }: Place): string {
  return `${path}:${line}:${column}`;
}

/** Prints a problem on one line: `file:line:column: what is wrong; what to do`. */
export function formatProblem(problem: Problem<string>): string {
  const fix = problem.fix === undefined ? "" : `; ${problem.fix}`;
  return `${formatPlace(problem)}: ${problem.message}${fix}`;
}

/** Prints one problem a line, at most 100 of them. */
export function formatProblems(problems: readonly Problem<string>[]): string {
  const lines = problems.slice(0, MOST_PROBLEMS_PRINTED).map(formatProblem);
  if (problems.length > MOST_PROBLEMS_PRINTED) lines.push(`and ${problems.length - MOST_PROBLEMS_PRINTED} more problems`);
  return lines.join("\n");
}

/** Orders problems by file, line and column, then by code. */
export function compareProblems(a: Problem<string>, b: Problem<string>): number {
  return (
    compareText(a.path, b.path) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

/** Orders text by UTF-16 code units, the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
