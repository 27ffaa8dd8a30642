import { join } from "node:path";
import { parseArgs } from "node:util";

export interface DemoOptions {
  readonly keep: boolean;
  readonly json: boolean;
  readonly help: boolean;
  /** The path of a mesh file. */
  readonly mesh: string;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "USAGE";
}

export const HELP = `Shows one request take different paths because of one header.

  npm run demo [-- options]

Starts the shop of this folder on this machine: each service, and each version of one that a virtual cluster has, is a process behind an Envoy of its
own. Then it sends requests, and prints which way each of them took.

Options
  --keep         leave everything running afterwards, and print commands to try; Ctrl-C ends it
  --json         print the result as JSON (with npm run --silent demo, nothing else)
  --mesh <file>  a mesh file of the same services instead of examples/shop/mesh.yaml; what is expected stays the same
  --help         print this

Environment
  ENVOY          the Envoy to use; without it one is looked for in ~/.cache/puggle, and fetched to there (37 MB) where there is none

Exit code
  0  every path was the expected one
  1  at least one was not
  2  the command line is wrong
  3  the mesh file can not be read, or something did not start
`;

const DEFAULT_MESH = join(import.meta.dirname, "../../mesh.yaml");

/** @throws {UsageError} */
export function readOptions(words: readonly string[]): DemoOptions {
  try {
    const flag = { type: "boolean", default: false } as const;
    const options = { keep: flag, json: flag, help: { ...flag, short: "h" }, mesh: { type: "string", default: DEFAULT_MESH } } as const;
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
