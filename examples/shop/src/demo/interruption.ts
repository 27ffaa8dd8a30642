import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Somebody ended the demo. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly code = "INTERRUPTED";
  /** What a shell expects of a process that ended by this signal. */
  readonly exitCode: number;

  constructor(signal: (typeof SIGNALS)[number]) {
    super(`ended by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Aborts with an {@link Interruption} at the first signal that asks this process to end. The second one ends it at once. */
export function listenForInterruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of SIGNALS) {
    // Not `once`: what puts a terminal's cursor back ends the process itself where it finds no listener but its own.
    process.on(signal, () => {
      const interruption = new Interruption(signal);
      if (controller.signal.aborted) process.exit(interruption.exitCode);
      controller.abort(interruption);
    });
  }
  return controller.signal;
}

/** Waits for something, or for the interruption. */
export async function orInterrupted<Result>(work: Promise<Result>, interruption: AbortSignal): Promise<Result> {
  return await Promise.race([work, rejectWhenInterrupted(interruption)]);
}

async function rejectWhenInterrupted(interruption: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    const fail = () => reject(interruption.reason);
    if (interruption.aborted) fail();
    else interruption.addEventListener("abort", fail, { once: true });
  });
}
