import { setTimeout as sleep } from "node:timers/promises";
import {
  askHolder,
  Claim,
  Engine,
  type HolderRequest,
  KernelError,
  knownFeatures,
  type NetworkNamespace,
  removeMarks,
} from "@puggle/tc-agent";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import type { Target } from "./target.ts";

/** `puggle net clear`: lets every packet pass again. A process that holds the namespace is asked to do it, and ends; where it does not, that is done here. */
export async function clear({ namespace, device, name }: Target): Promise<CommandResult> {
  const text = `cleared ${device} of ${name}\n`;
  const refusal = await askToClear(namespace);
  if (refusal === undefined) return { exitCode: EXIT_CODES.good, text, json: { cleared: true, wasHeld: true } };
  const engine = new Engine({ namespace, device, features: await knownFeatures() });
  try {
    const claim = await claimAfter(refusal, namespace, async () => engine.status());
    try {
      await engine.clear();
      await removeMarks(namespace);
      await engine.settled();
    } finally {
      await claim.release();
    }
  } finally {
    await engine.close();
  }
  return { exitCode: EXIT_CODES.good, text, json: { cleared: true, wasHeld: refusal !== NOBODY } };
}

const NOBODY = "nobody holds it";

/**
 * Asks whoever holds a network namespace to clear it.
 *
 * @param claims - where claims are; that of this machine where left out
 * @returns why that has not cleared it; `undefined` where it has
 */
export async function askToClear(namespace: NetworkNamespace, claims?: string): Promise<string | undefined> {
  try {
    const reply = await askHolder(namespace, "clear", claims);
    if (reply === undefined) return NOBODY;
    const isCleared = typeof reply === "object" && reply !== null && "cleared" in reply && reply.cleared === true;
    return isCleared ? undefined : "it ended without clearing";
  } catch (error) {
    if (error instanceof KernelError) return error.message;
    throw error;
  }
}

/** It was told to end, and may take a moment for that. */
const ENDS_WITHIN_MS = 5_000;

/**
 * Claims a network namespace from who was asked to clear it, and did not.
 *
 * @throws KernelError `held` where that process still holds it
 */
export async function claimAfter(
  refusal: string,
  namespace: NetworkNamespace,
  answer: (request: HolderRequest) => Promise<object>,
  { claims, withinMs = ENDS_WITHIN_MS }: { readonly claims?: string; readonly withinMs?: number } = {},
): Promise<Claim> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await Claim.make(namespace, answer, claims);
    } catch (error) {
      if (!(error instanceof KernelError && error.code === "held") || refusal === NOBODY) throw error;
      if (performance.now() > end) {
        throw new KernelError("held", `it is not cleared, and still held: ${refusal}; end that process, and clear again`);
      }
      await sleep(100);
    }
  }
}
