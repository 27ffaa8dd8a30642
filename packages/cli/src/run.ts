import { CommanderError } from "commander";
import { type Clock, systemClock } from "./clock.ts";
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
export async function runPuggle(args: readonly string[], terminal: Terminal, clock: Clock = systemClock): Promise<ExitCode> {
  const wantsJson = args.includes("--json");
  const print = ({ exitCode, text, json, warnings = [], isLine = false }: CommandResult) => {
    if (!wantsJson) for (const warning of warnings) terminal.err(`warning: ${warning}\n`);
    terminal.out(wantsJson ? `${JSON.stringify(json, null, isLine ? 0 : 2)}\n` : text);
    return exitCode;
  };
  let exitCode: ExitCode = EXIT_CODES.good;
  const program = buildProgram(
    terminal,
    (result) => {
      exitCode = print(result);
    },
    clock,
  );
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // commander throws to say that it has printed the help or the version which were asked for.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.good;
    // And that no command was given, and the help printed instead.
    if (error instanceof CommanderError && error.code === "commander.help") return EXIT_CODES.usage;
    return reportFailure(error, args, terminal);
  }
}

/** Tells of an error as the command line asks for it: as text or as JSON. */
export function reportFailure(error: unknown, args: readonly string[], terminal: Pick<Terminal, "err">): ExitCode {
  const { exitCode, text, json } = describeFailure(error);
  terminal.err(args.includes("--json") ? `${JSON.stringify(json, null, 2)}\n` : text);
  return exitCode;
}
