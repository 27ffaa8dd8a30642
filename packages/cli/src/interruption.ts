import { CliError } from "./cli-error.ts";
import { EXIT_CODES } from "./exit-code.ts";

const ENDING_SIGNALS = [
  ["SIGHUP", EXIT_CODES.hungUp],
  ["SIGINT", EXIT_CODES.interrupted],
  ["SIGTERM", EXIT_CODES.terminated],
] as const;

/**
 * Does work that must tidy up when the process is told to end: while it runs, such a signal aborts it in the place of ending the process at once.
 *
 * @throws what the work throws; the abort's reason is a {@link CliError} `interrupted` with the exit code that shells use for the signal
 */
export async function whileInterruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const listeners = ENDING_SIGNALS.map(([name, exitCode]) => {
    const listener = () => controller.abort(new CliError("interrupted", exitCode, `ended by ${name}`));
    process.on(name, listener);
    return [name, listener] as const;
  });
  try {
    await work(controller.signal);
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
}
