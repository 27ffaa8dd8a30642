import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

// With the process that made it, so that another run can tell whether it is still at work.
const STAGING_NAME = /^\.puggle-staging-(\d+)-[A-Za-z0-9]{6}$/;
const STALE_AFTER_MS = 60 * 60 * 1000;

/**
 * Does work with a new folder inside `folder`, on the same file system, and removes it afterwards, whatever becomes of the work. Where the work fails,
 * `folder` goes too if it was made for it.
 */
export async function withStaging(folder: string, work: (staging: string) => Promise<void>): Promise<void> {
  const firstMade = mkdirSync(folder, { recursive: true });
  try {
    const staging = mkdtempSync(join(folder, `.puggle-staging-${process.pid}-`));
    try {
      await work(staging);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  } catch (error) {
    if (firstMade !== undefined) removeEmptyFolders(folder, dirname(firstMade));
    throw error;
  }
}

/** Removes what runs left in `folder` that were killed: they can not have done it themselves. */
export function removeStaleStaging(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = STAGING_NAME.exec(name) ?? [];
    const path = join(folder, name);
    if (pid !== undefined && lstatSync(path).isDirectory() && isStale(path, Number(pid))) rmSync(path, { recursive: true, force: true });
  }
}

/** Removes `folder` and those above it, up to but not including `end`, as far as they are empty. */
export function removeEmptyFolders(folder: string, end: string): void {
  const last = resolve(end);
  for (let empty = resolve(folder); empty !== last; empty = dirname(empty)) {
    try {
      rmdirSync(empty);
    } catch {
      // Not empty, or gone already: either way those above it are settled too.
      return;
    }
  }
}

/** The number of a process that has ended may have been given to another meanwhile, which does not write for an hour. */
function isStale(path: string, pid: number): boolean {
  return !isRunning(pid) || Date.now() - lstatSync(path).mtimeMs > STALE_AFTER_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
