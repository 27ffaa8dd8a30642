import { CommanderError } from "commander";
import type { CommandResult } from "./command-result.ts";
import { EXIT_CODES, type ExitCode } from "./exit-code.ts";
import { describeFailure } from "./failure.ts";
import { buildProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs the command line `puggle <args>`.
 *
 * @param args - what follows the command's name
 * @returns the exit code; nothing is thrown
 */
export async function runPuggle(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const wantsJson = args.includes("--json");
  const print = (result: CommandResult) => {
    terminal.out(wantsJson ? `${JSON.stringify(result.json, null, 2)}\n` : result.text);
    return result.exitCode;
  };
  let exitCode: ExitCode = EXIT_CODES.good;
  const program = buildProgram(terminal, (result) => {
    exitCode = print(result);
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // commander throws to say that it has printed the help or the version which were asked for.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.good;
    // And that no command was given, and the help printed instead.
    if (error instanceof CommanderError && error.code === "commander.help") return EXIT_CODES.usage;
    const failure = describeFailure(error);
    terminal.err(wantsJson ? `${JSON.stringify(failure.json, null, 2)}\n` : failure.text);
    return failure.exitCode;
  }
}
