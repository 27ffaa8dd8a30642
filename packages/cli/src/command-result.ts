import type { ExitCode } from "./exit-code.ts";

/** What a command found or did: `json` goes out with `--json`, `text` without. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  readonly text: string;
  readonly json: object;
}
