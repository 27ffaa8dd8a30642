import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { holdNamespace, type NetworkNamespace } from "./network-namespace.ts";

const run = promisify(execFile);

export interface RunOptions {
  readonly input?: string;
  /** Killed after this, in milliseconds; never where left out. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program inside a network namespace, and gives what it printed.
 *
 * @throws KernelError `gone`; what `execFile` rejects with where it fails
 */
export async function runInside(
  namespace: NetworkNamespace,
  words: readonly string[],
  { input = "", timeoutMs = 0 }: RunOptions = {},
): Promise<string> {
  const held = holdNamespace(namespace);
  try {
    const running = run("nsenter", [`--net=${held.path}`, ...words], { timeout: timeoutMs, killSignal: "SIGKILL" });
    // It may end without reading it.
    running.child.stdin?.on("error", () => undefined).end(input);
    return (await running).stdout;
  } finally {
    held.release();
  }
}
