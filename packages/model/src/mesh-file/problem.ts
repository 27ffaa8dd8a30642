/** What is wrong with a mesh file. A code keeps its meaning from version to version; the message may change. */
export type MeshFileProblemCode =
  | "missing-file"
  | "unreadable-file"
  | "empty-folder"
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
  | "invalid-value"
  | "duplicate-service"
  | "duplicate-virtual-cluster"
  | "duplicate-member"
  | "unknown-service"
  | "ambiguous-service"
  | "duplicate-host"
  | "duplicate-port"
  | "empty-selector"
  | "conflicting-cluster-domain"
  | "conflicting-member-requests"
  | "generated-name-collision";

/** A place in a file; `line` and `column` count from 1, columns in UTF-16 code units. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong: where, what, and what to do about it. */
export interface MeshFileProblem extends Place {
  readonly code: MeshFileProblemCode;
  readonly message: string;
  readonly fix?: string;
}

/** Prints a place as editors and terminals make it clickable: `file:line:column`. */
export function formatPlace({ path, line, column }: Place): string {
  return `${path}:${line}:${column}`;
}

/** Prints a problem on one line: `file:line:column: what is wrong; what to do`. */
export function formatProblem(problem: MeshFileProblem): string {
  const fix = problem.fix === undefined ? "" : `; ${problem.fix}`;
  return `${formatPlace(problem)}: ${problem.message}${fix}`;
}

/** Orders problems by file, line and column, then by code. */
export function compareProblems(a: MeshFileProblem, b: MeshFileProblem): number {
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
