import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { userCacheFolder } from "@puggle/local-envoy";
import { makeOnce } from "../../machine/make-once.ts";

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
  await makeOnce(path, (staged) => run("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", staged, SOURCE]));
  return path;
}
