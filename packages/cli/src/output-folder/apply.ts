import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError } from "../cli-error.ts";
import { EXIT_CODES } from "../exit-code.ts";
import type { OutputPlan } from "./plan.ts";

/**
 * Carries out a plan as a whole: every text is first written beside the files, and takes its place by a rename; where any step fails, all that
 * was done is undone.
 *
 * @throws {@link CliError} `can-not-write`; the folder is as it was
 */
export function applyPlan(folder: string, { created, changed, removed }: OutputPlan): void {
  if (created.length + changed.length + removed.length === 0) return;
  const undo: (() => void)[] = [];
  let staging: string | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    staging = mkdtempSync(join(folder, ".puggle-"));
    const stage = stageIn(staging);
    const writes = [...created, ...changed].map(({ path, text }) => ({ path, staged: stage(text) }));
    const previous = new Map(changed.map((file) => [file.path, file.previous]));
    for (const { path, staged } of writes) {
      const target = join(folder, path);
      mkdirSync(dirname(target), { recursive: true });
      undo.push(() => removeEmptyFolders(folder, path));
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("can-not-write", EXIT_CODES.canNotWrite, `nothing was written to ${folder}: ${reason}`);
  } finally {
    if (staging !== undefined) rmSync(staging, { recursive: true, force: true });
  }
  for (const path of removed) removeEmptyFolders(folder, path);
}

function stageIn(staging: string): (text: string) => string {
  let count = 0;
  return (text) => {
    const path = join(staging, String(count++));
    writeFileSync(path, text);
    return path;
  };
}

/** Removes the folders above a path that hold nothing any more, up to but not including the output folder. */
function removeEmptyFolders(folder: string, path: string): void {
  for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
    try {
      rmdirSync(join(folder, parent));
    } catch {
      // Not empty, or gone already: either way those above it are settled too.
      return;
    }
  }
}
