import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { startOf } from "../kernel/processes.ts";
import { makeRunFolder, RUN_FOLDER } from "../kernel/run-folder.ts";

const NAME = /^frozen-(\d+)-\d+$/;

const record = z.strictObject({ startedAt: z.string(), files: z.array(z.string()).readonly() });
type FrozenRecord = z.infer<typeof record>;

let records = 0;

/**
 * Writes down which control groups (their files `cgroup.freeze`) this process is about to freeze: whoever comes after it thaws them where it could not.
 *
 * @returns crosses it out
 * @throws KernelError `refused` where it can not be written
 */
export function recordFrozen(files: readonly string[], folder = RUN_FOLDER): () => void {
  makeRunFolder(folder);
  records += 1;
  const path = join(folder, `frozen-${process.pid}-${records}`);
  writeFileSync(path, JSON.stringify({ startedAt: startOf(process.pid) ?? "", files } satisfies FrozenRecord), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

/** Thaws what processes have left frozen that were killed together with who was to do that for them. */
export function thawForgotten(folder = RUN_FOLDER): void {
  for (const name of namesIn(folder)) {
    const pid = Number(NAME.exec(name)?.[1]);
    const path = join(folder, name);
    const left = readRecord(path);
    // Another may have its number since.
    if (left === undefined ? startOf(pid) !== undefined : startOf(pid) === left.startedAt) continue;
    for (const file of left?.files ?? []) thaw(file);
    rmSync(path, { force: true });
  }
}

/** Lets the processes of a control group go on. */
export function thaw(file: string): void {
  try {
    writeFileSync(file, "0");
  } catch (error) {
    // Its processes have ended, and it with them.
    if (existsSync(file)) throw error;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => NAME.test(name));
  } catch {
    // Nobody has written anything down.
    return [];
  }
}

/** `undefined` where it was written to half: then nothing was frozen yet. */
function readRecord(path: string): FrozenRecord | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
