import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { access, mkdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { userCacheFolder } from "@puggle/local-envoy";

const run = promisify(execFile);
const SOURCE = join(import.meta.dirname, "ptrace-shim.c");

/** Has this CPU registers that user-mode Linux does not know how to hold? */
export function needsPtraceShim(): boolean {
  return /^flags\s*:.*\bamx_tile\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
}

/**
 * Path of the library, in the user's cache folder by the content of its source; compiles it where it is not there.
 *
 * @throws where gcc is missing or refuses it, with what it said.
 */
export async function buildPtraceShim(): Promise<string> {
  const hash = createHash("sha256").update(await readFile(SOURCE));
  const path = join(userCacheFolder(), "kernel", `ptrace-shim-${hash.digest("hex").slice(0, 12)}.so`);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  await mkdir(dirname(path), { recursive: true });
  const staged = `${path}.${process.pid}`;
  await run("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", staged, SOURCE]);
  await rename(staged, path);
  return path;
}
