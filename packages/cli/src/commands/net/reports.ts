import type { Applied, LeafVerdict, Rules } from "@puggle/tc-agent";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import type { Terminal } from "../../terminal.ts";
import { describeRule, describeVerdicts } from "./describe.ts";

/** How `puggle net apply` tells what happens, as it happens. */
export class Reports {
  readonly #terminal: Pick<Terminal, "out">;
  readonly #isJson: boolean;

  constructor(terminal: Pick<Terminal, "out">, isJson: boolean) {
    this.#terminal = terminal;
    this.#isJson = isJson;
  }

  /** With `--json` each event is one line. */
  tell(event: object, text: string): void {
    this.#terminal.out(this.#isJson ? `${JSON.stringify(event)}\n` : text);
  }

  warning(message: string): void {
    this.tell({ event: "warning", message }, `warning: ${message}\n`);
  }

  trouble(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.tell({ event: "trouble", message }, `still as before: ${message}\n`);
  }

  applied(rules: Rules, { steps, milliseconds, pause }: Applied): void {
    const took = Math.round(milliseconds);
    const commands = steps.reduce((sum, step) => sum + step.commands.length, 0);
    const paused = pause === undefined ? [] : [`its processes stood still for ${Math.round(pause.milliseconds)} ms`];
    const unpaused =
      (pause?.unpaused.length ?? 0) === 0
        ? []
        : [`${pause?.unpaused.length} could not be paused, and may have lost what they sent in that moment`];
    const text = [...rules.rules.map(describeRule), `applied in ${[`${took} ms`, ...paused, ...unpaused].join("; ")}`];
    this.tell(
      { event: "applied", milliseconds: took, commands, rules: rules.rules.map(({ name }) => name), pause },
      `${text.join("\n")}\n`,
    );
  }

  verified(verdicts: Readonly<Record<string, LeafVerdict>>): void {
    this.tell({ event: "verified", rules: verdicts }, `${describeVerdicts(verdicts).join("\n")}\n`);
  }

  /** The last one, which is the command's result. */
  ended(event: object, text: string): CommandResult {
    return { exitCode: EXIT_CODES.good, text, json: event, isLine: this.#isJson };
  }
}
