import { MeshConfigError } from "@puggle/mesh-config";
import { MeshFileError } from "@puggle/model";
import { KernelError, SpecError, TooManyMatches } from "@puggle/tc-agent";
import { CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { EXIT_CODES, type ExitCode } from "./exit-code.ts";

/** An error as the command tells it: `json` goes out with `--json`, `text` without. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly text: string;
  readonly json: { readonly error: { readonly code: string; readonly message: string; readonly problems: readonly object[] } };
}

/** Says what an error means for the person at the shell. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof MeshFileError || error instanceof SpecError) {
    const { length } = error.problems;
    return failure(EXIT_CODES.badInput, error, `${error.message}\n${length} ${length === 1 ? "problem" : "problems"}`, error.problems);
  }
  if (error instanceof CliError) {
    const lines = error.problems.map(({ path, message }) => `  ${path}: ${message}`);
    return failure(error.exitCode, error, [`error: ${error.message}`, ...lines].join("\n"), error.problems);
  }
  if (error instanceof MeshConfigError) {
    const isAboutArguments = error.code === "invalid-request" || error.code === "unknown-workload";
    return failure(isAboutArguments ? EXIT_CODES.usage : EXIT_CODES.badInput, error, `error: ${error.message}`);
  }
  if (error instanceof KernelError) return failure(EXIT_CODES.canNotEmulate, error, `error: ${error.message}`);
  if (error instanceof TooManyMatches) return failure(EXIT_CODES.badInput, error, `error: ${error.message}`);
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    return failure(EXIT_CODES.usage, { code: "usage", message }, `error: ${message}`);
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return failure(EXIT_CODES.internal, { code: "internal", message }, `internal error, a defect of puggle: ${stack ?? message}`);
}

function failure(
  exitCode: ExitCode,
  { code, message }: { readonly code: string; readonly message: string },
  text: string,
  problems: readonly object[] = [],
): Failure {
  return { exitCode, text: `${text}\n`, json: { error: { code, message, problems } } };
}
