import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { KernelError } from "@puggle/tc-agent";
import type { CommandResult } from "../../command-result.ts";
import { whileInterruptible } from "../../interruption.ts";
import type { Reports } from "./reports.ts";
import type { Target } from "./target.ts";

/** Engines give a container ten seconds to end before they start it again. */
const STARTS_AGAIN_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 200;

/** A container that has just started has a network, and not yet all that is in it; and somebody may clear it just then. */
const NOT_YET: readonly string[] = ["no-device", "gone", "held"];

/**
 * Does something for a target, and again where its network was gone and it has another: a container that starts again has one of its own, unless it is a
 * pod's.
 */
export async function followRestarts(
  target: Target,
  act: (target: Target) => Promise<CommandResult>,
  reports: Reports,
  withinMs = STARTS_AGAIN_WITHIN_MS,
): Promise<CommandResult> {
  const { findAgain, name } = target;
  let result = await act(target);
  while (findAgain !== undefined && isGone(result)) {
    const seconds = withinMs / 1_000;
    reports.tell({ event: "waiting", seconds }, `${name} is gone, and its network with it; it is waited for, ${seconds} s at most\n`);
    const again = await actWhenBack(findAgain, act, performance.now() + withinMs);
    if (again === undefined) return result;
    result = again;
  }
  return result;
}

/** @returns `undefined` where it does not come back in time */
async function actWhenBack(
  findAgain: () => Target | undefined,
  act: (target: Target) => Promise<CommandResult>,
  end: number,
): Promise<CommandResult | undefined> {
  let tooEarly: KernelError | undefined;
  for (;;) {
    const target = await untilFound(findAgain, end);
    if (target === undefined && tooEarly !== undefined) throw tooEarly;
    if (target === undefined) return undefined;
    try {
      return await act(target);
    } catch (error) {
      if (!(error instanceof KernelError && NOT_YET.includes(error.code))) throw error;
      tooEarly = error;
    }
  }
}

async function untilFound(findAgain: () => Target | undefined, end: number): Promise<Target | undefined> {
  let found: Target | undefined;
  await whileInterruptible(async (signal) => {
    while (found === undefined && performance.now() < end) {
      await sleep(LOOK_AGAIN_MS);
      signal.throwIfAborted();
      found = findAgain();
      // A signal that came meanwhile is heard after that.
      await setImmediate();
      signal.throwIfAborted();
    }
  });
  return found;
}

function isGone({ json }: CommandResult): boolean {
  return typeof json === "object" && json !== null && "event" in json && json.event === "gone";
}
