import { Alarm, Claim, type ContainerMarks, type Engine, hold, KernelError, type LeafVerdict, type Rules } from "@puggle/tc-agent";
import type { CommandResult } from "../../command-result.ts";
import { whileInterruptible } from "../../interruption.ts";
import type { Reports } from "./reports.ts";
import type { SpecSource } from "./spec-source.ts";
import type { Target } from "./target.ts";

/** What is to be put in force, and by whom. */
export interface Work {
  readonly target: Pick<Target, "namespace" | "name">;
  readonly engine: Pick<Engine, "apply" | "keep" | "clear" | "settled" | "status" | "verifyLeaves">;
  readonly marks: Pick<ContainerMarks, "ensure" | "remove"> | undefined;
  readonly source: Pick<SpecSource, "rules" | "news" | "watch">;
  readonly rules: Rules;
  readonly reports: Reports;
  readonly isVerified: boolean;
  /** It is left for so long, without a process that holds it; held until it is to end where left out. */
  readonly forSeconds: number | undefined;
  readonly leaseSeconds: number;
  /** Where claims are; that of this machine where left out. */
  readonly claims?: string;
}

/** The lease is renewed three times before it runs out. */
const TURNS_A_LEASE = 3;
/** That a network is gone is seen at a turn. */
const LONGEST_TURN_MS = 5_000;

/**
 * Puts rules in force, and holds them until a signal or somebody's wish to clear them, or until the network is gone. Only what was to be left stays, and only when all was done: in any other
 * end, also by an error, all is cleared.
 */
export async function carryOut(work: Work): Promise<CommandResult> {
  const { target, engine, reports, forSeconds, claims } = work;
  const stop = new AbortController();
  const cleared = Promise.withResolvers<{ readonly cleared: boolean }>();
  const answer = async (request: "status" | "verify" | "clear") => {
    if (request === "status") return engine.status();
    if (request === "verify") return { ...(await engine.status()), leaves: await verify(work) };
    stop.abort();
    return cleared.promise;
  };
  const claim = await Claim.make(target.namespace, answer, claims);
  let wasInForce = false;
  try {
    let isLeft = false;
    await whileInterruptible(async (signal) => {
      const over = AbortSignal.any([signal, stop.signal]);
      try {
        isLeft = await putInForce(work, over, () => {
          wasInForce = true;
        });
        if (!isLeft) await holdUntil(over, work);
      } catch (error) {
        await clear(work).then(
          () => cleared.resolve({ cleared: true }),
          (failure: unknown) => tellWhatStays(work, error, failure),
        );
        // What was to end has ended, also where its network is gone.
        if (!(over.aborted && isGone(error))) throw error;
      }
      if (isLeft) return;
      await clearIfThere(work);
      cleared.resolve({ cleared: true });
      // Who asked for it by a signal is told by the exit code too.
      if (signal.aborted) reports.tell({ event: "cleared" }, "cleared\n");
      signal.throwIfAborted();
    });
    return isLeft
      ? reports.ended({ event: "left", seconds: forSeconds }, `it stays for ${forSeconds} s; then packets pass untouched\n`)
      : reports.ended({ event: "cleared" }, "cleared\n");
  } catch (error) {
    if (wasInForce && isGone(error)) {
      return reports.ended({ event: "gone" }, `${target.name} is gone, and its network with it\n`);
    }
    throw error;
  } finally {
    cleared.resolve({ cleared: false });
    // The file is followed no more: that alone would keep this process.
    stop.abort();
    await claim.release();
  }
}

/** @returns is all done that is to be left? Not where it was to end meanwhile, and not where it is to be held. */
async function putInForce(work: Work, over: AbortSignal, onInForce: () => void): Promise<boolean> {
  const { engine, marks, rules, reports, isVerified, forSeconds } = work;
  await marks?.ensure();
  if (over.aborted) return false;
  const applied = await engine.apply(rules);
  onInForce();
  reports.applied(rules, applied);
  if (isVerified && !over.aborted) reports.verified(await verify(work));
  if (forSeconds === undefined) return false;
  await settledOr(over, engine);
  return !over.aborted;
}

async function settledOr(over: AbortSignal, engine: Work["engine"]): Promise<void> {
  if (over.aborted) return;
  const ended = Promise.withResolvers<void>();
  over.addEventListener("abort", () => ended.resolve(), { once: true });
  await Promise.race([engine.settled(), ended.promise]);
}

async function holdUntil(over: AbortSignal, work: Work): Promise<void> {
  if (over.aborted) return;
  const { engine, marks, source, rules, reports, leaseSeconds } = work;
  reports.tell(
    { event: "holding" },
    `held by this process: Ctrl-C clears it, and ${leaseSeconds} s after it is killed packets pass untouched\n`,
  );
  const alarm = new Alarm();
  source.watch(alarm, over);
  let current = rules;
  await hold({
    engine,
    rules: async () => {
      await marks?.ensure();
      try {
        current = await source.rules();
      } finally {
        for (const sentence of source.news()) reports.trouble(sentence);
      }
      return current;
    },
    everyMs: Math.min((leaseSeconds * 1_000) / TURNS_A_LEASE, LONGEST_TURN_MS),
    alarm,
    signal: over,
    onApplied: (applied) => reports.applied(current, applied),
    onTrouble: (error) => reports.trouble(error),
  });
}

/** Without its network or its device nothing can be in force. */
async function clearIfThere(work: Work): Promise<void> {
  try {
    await clear(work);
  } catch (error) {
    if (!isGone(error) && !(error instanceof KernelError && error.code === "no-device")) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof KernelError && error.code === "gone";
}

/** All of it, also where a part can not be. */
async function clear({ engine, marks }: Work): Promise<void> {
  try {
    await engine.clear();
  } finally {
    await marks?.remove();
  }
  await engine.settled();
}

/** Nobody is told twice of the same: what kept it from beginning keeps it from clearing too. */
function tellWhatStays({ reports, target }: Work, error: unknown, failure: unknown): void {
  const isSame = error instanceof KernelError && failure instanceof KernelError && error.code === failure.code;
  // Without the device nothing can be in force.
  if (isSame || (failure instanceof KernelError && failure.code === "no-device")) return;
  const why = failure instanceof Error ? failure.message : String(failure);
  const message = `${target.name} could not be cleared (${why}); when the lease has run out packets pass untouched`;
  reports.tell({ event: "trouble", message }, `${message}\n`);
}

async function verify({ engine }: Work): Promise<Readonly<Record<string, LeafVerdict>>> {
  return Object.fromEntries(await engine.verifyLeaves());
}
