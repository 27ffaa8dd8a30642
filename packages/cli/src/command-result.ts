import type { ExitCode } from "./exit-code.ts";

/** What a command found or did: `json` goes out with `--json`, `text` without. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  readonly text: string;
  /** What deserves a look and fails nothing, a sentence each. Told on the standard error; `json` has them itself. */
  readonly warnings?: readonly string[];
  readonly json: object;
  /** Is `json` printed as one line, as the last of several? */
  readonly isLine?: boolean;
}
