import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EnvoyUnavailableError } from "./errors.ts";

const STAGING_PREFIX = ".fetch-";
const STALE_AFTER_MS = 60 * 60 * 1000;

/**
 * Does work in a new folder inside `folder`, which is removed afterwards, together with the folders above it that were made for it and that the work
 * has left empty. What an earlier process left there when it was killed is removed too.
 *
 * @throws {EnvoyUnavailableError} `ENVOY_CACHE_UNUSABLE` Where the folder can not be made or written to.
 */
export async function withStagingFolder<Result>(folder: string, work: (staging: string) => Promise<Result>): Promise<Result> {
  const staging = join(folder, `${STAGING_PREFIX}${process.pid}-${randomBytes(4).toString("hex")}`);
  const firstMade = await makeFolders(staging);
  try {
    await removeStaleStaging(folder);
    return await work(staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
    await removeEmptyFolders(folder, dirname(firstMade ?? staging));
  }
}

async function makeFolders(staging: string): Promise<string | undefined> {
  try {
    return await mkdir(staging, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? error.code : String(error);
    throw new EnvoyUnavailableError(
      "ENVOY_CACHE_UNUSABLE",
      `Envoy is kept in ${dirname(staging)}, and nothing can be written there (${reason}). Set XDG_CACHE_HOME to the absolute path of a folder that takes it, or set ENVOY to the path of an Envoy.`,
      { cause: error },
    );
  }
}

/** Removes `folder` and those above it, up to but not including `end`, as far as they are empty. */
async function removeEmptyFolders(folder: string, end: string): Promise<void> {
  for (let empty = folder; empty !== end; empty = dirname(empty)) {
    try {
      await rmdir(empty);
    } catch {
      // Not empty, or another process has removed it: either way those above it are settled too.
      return;
    }
  }
}

async function removeStaleStaging(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
