import { KernelError } from "../kernel/kernel-error.ts";
import type { Rules } from "../spec/emulation.ts";
import type { Alarm } from "./alarm.ts";
import type { Applied, Engine } from "./engine.ts";

export interface HoldOptions {
  readonly engine: Pick<Engine, "apply" | "keep">;
  /** What shall be in force now. It is asked at each turn; where it throws, what was in force stays. */
  readonly rules: () => Promise<Rules>;
  /** So often everything is looked at again, and the lease renewed, in milliseconds. */
  readonly everyMs: number;
  /** By which a turn is asked for at once, as when a file has changed. */
  readonly alarm: Alarm;
  /** Ends it, and leaves what is in force. */
  readonly signal: AbortSignal;
  /** After each turn that changed something. */
  readonly onApplied: (applied: Applied) => void;
  /** What went wrong in a turn and not in the one before; the next one tries again. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Keeps rules in force until it is told to end, or the namespace goes away: follows what they say, renews the lease, and repairs what others change.
 *
 * @throws KernelError `gone`
 */
export async function hold({ engine, rules, everyMs, alarm, signal, onApplied, onTrouble }: HoldOptions): Promise<void> {
  let current: Rules | undefined;
  let told: ReadonlySet<string> = new Set();
  while (!signal.aborted) {
    const troubles = new Map<string, unknown>();
    try {
      current = await rules();
    } catch (error) {
      troubles.set(String(error), error);
    }
    try {
      const applied = current === undefined ? await engine.keep() : await engine.apply(current);
      // That old leaves are still waited for is no change.
      if (applied.steps.some(({ kind }) => kind !== "retire")) onApplied(applied);
    } catch (error) {
      if (error instanceof KernelError && error.code === "gone") throw error;
      troubles.set(String(error), error);
    }
    for (const [said, error] of troubles) if (!told.has(said)) onTrouble(error);
    told = new Set(troubles.keys());
    await alarm.wait(everyMs, signal);
  }
}
