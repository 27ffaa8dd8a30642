import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { type Clock, systemClock } from "./clock.ts";
import type { CommandResult } from "./command-result.ts";
import { addCompletionCommand } from "./commands/completion.ts";
import { addExplainCommand } from "./commands/explain.ts";
import { addGenerateCommand } from "./commands/generate.ts";
import { addInitCommand } from "./commands/init.ts";
import { addNetCommand } from "./commands/net/net.ts";
import { EXIT_CODES } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

const EXIT_CODES_HELP = `
Exit codes: 0 good; 1 the answer is no (--check found a difference); 2 wrong usage; 3 a bad mesh file, manifest or network spec; 4 can not write; 5 can not emulate in this network namespace; 70 internal error; 129, 130, 143 ended by a signal.
`;

/** The whole command line. Each command hands its result to `finish`; wrong usage is thrown as commander's error. */
export function buildProgram(terminal: Terminal, finish: (result: CommandResult) => void, clock: Clock = systemClock): Command {
  const program = new Command("puggle")
    .description("Virtual clusters: a private slice of one shared staging cluster for every developer and pull request.")
    .option("-V, --version", "print the version")
    .on("option:version", () => finishWithVersion(finish))
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError()
    // Errors are printed once, as text or as JSON, by whoever runs the program.
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: () => undefined })
    .addHelpText("after", EXIT_CODES_HELP);
  addInitCommand(program, finish);
  addGenerateCommand(program, finish, clock);
  addExplainCommand(program, finish);
  addNetCommand(program, terminal, finish);
  addCompletionCommand(program, finish);
  for (const command of program.commands) command.option("--json", "print the result, or the error, as JSON");
  return program;
}

/** Throws as commander does when it has printed what was asked for: the rest of the line is not looked at. */
function finishWithVersion(finish: (result: CommandResult) => void): never {
  const version = readVersion();
  finish({ exitCode: EXIT_CODES.good, text: `${version}\n`, json: { version } });
  throw new CommanderError(EXIT_CODES.good, "commander.version", version);
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const isKnown = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return isKnown ? String(manifest.version) : "unknown";
}
