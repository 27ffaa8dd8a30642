import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CliError } from "../cli-error.ts";
import { EXIT_CODES } from "../exit-code.ts";
import type { OutputPlan } from "./plan.ts";
import { removeEmptyFolders, removeStaleStaging, withStaging } from "./staging.ts";

const STAGED_IN_A_TURN = 64;

interface StagedFile {
  readonly path: string;
  readonly staged: string;
}

/**
 * Carries out a plan as a whole: every text is first written beside the files, and takes its place by a rename; where any step fails, all that
 * was done is undone. What an earlier run left beside the files when it was killed is removed.
 *
 * @param signal - its reason ends the work while texts are staged. The renames are done in one go: once they have begun, it comes after them.
 * @throws {@link CliError} `can-not-write`; the folder is as it was
 * @throws the signal's reason, with what was written added where that is a {@link CliError}
 */
export async function applyPlan(folder: string, plan: OutputPlan, signal: AbortSignal = new AbortController().signal): Promise<void> {
  try {
    if (existsSync(folder)) removeStaleStaging(folder);
    if (plan.created.length + plan.changed.length + plan.removed.length === 0) return;
    await withStaging(folder, async (staging) => {
      const stage = stageIn(staging);
      const writes = await stageAll([...plan.created, ...plan.changed], stage, signal);
      putInPlace(folder, plan, writes, stage);
    });
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw tellOutcome(error, `nothing was written to ${folder}`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("can-not-write", EXIT_CODES.canNotWrite, `nothing was written to ${folder}: ${reason}`);
  }
  for (const path of plan.removed) removeEmptyFolders(join(folder, dirname(path)), folder);
  await hearSignals();
  if (signal.aborted) throw tellOutcome(signal.reason, `everything was written to ${folder} already`);
}

async function stageAll(
  files: readonly { readonly path: string; readonly text: string }[],
  stage: (text: string) => string,
  signal: AbortSignal,
): Promise<readonly StagedFile[]> {
  const writes: StagedFile[] = [];
  for (const { path, text } of files) {
    writes.push({ path, staged: stage(text) });
    if (writes.length % STAGED_IN_A_TURN === 0) await hearSignals();
    signal.throwIfAborted();
  }
  await hearSignals();
  signal.throwIfAborted();
  return writes;
}

/** A signal that has come is told of where the event loop polls, which lies between two immediates, but not always before the first. */
async function hearSignals(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

function putInPlace(
  folder: string,
  { changed, removed }: OutputPlan,
  writes: readonly StagedFile[],
  stage: (text: string) => string,
): void {
  const undo: (() => void)[] = [];
  const previous = new Map(changed.map((file) => [file.path, file.previous]));
  try {
    for (const { path, staged } of writes) {
      const target = join(folder, path);
      mkdirSync(dirname(target), { recursive: true });
      undo.push(() => removeEmptyFolders(dirname(target), folder));
      renameSync(staged, target);
      const old = previous.get(path);
      undo.push(() => (old === undefined ? rmSync(target) : renameSync(stage(old), target)));
    }
    for (const path of removed) {
      const target = join(folder, path);
      const aside = stage("");
      renameSync(target, aside);
      undo.push(() => renameSync(aside, target));
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

function stageIn(staging: string): (text: string) => string {
  let count = 0;
  return (text) => {
    const path = join(staging, String(count++));
    writeFileSync(path, text);
    return path;
  };
}

function tellOutcome(reason: unknown, outcome: string): unknown {
  return reason instanceof CliError ? new CliError(reason.code, reason.exitCode, `${reason.message}: ${outcome}`) : reason;
}
