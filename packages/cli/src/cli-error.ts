import type { ExitCode } from "./exit-code.ts";

/** A stable name of what went wrong in the command itself; the libraries' errors bring codes of their own. */
export type CliErrorCode =
  | "usage"
  | "foreign-file"
  | "file-exists"
  | "can-not-write"
  | "missing-manifest"
  | "unknown-service"
  | "drops-nothing"
  | "missing-spec"
  | "unknown-host"
  | "interrupted";

/** One of several things that are wrong, each with its file. */
export interface CliProblem {
  readonly path: string;
  readonly message: string;
}

/** What keeps a command from doing its work: `message` says what is wrong and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  readonly exitCode: ExitCode;
  readonly problems: readonly CliProblem[];

  constructor(code: CliErrorCode, exitCode: ExitCode, message: string, problems: readonly CliProblem[] = []) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
    this.problems = problems;
  }
}
