import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";

export interface Remains {
  /** Ids of the host's processes that are its kernels. Those that have ended and that nobody has reaped do not count. */
  readonly processes: readonly number[];
  /** Its kernels' folders. */
  readonly folders: readonly string[];
}

/** What there is on the host of the kernels that a process has booted. */
export async function findRemains(ownerPid: number | undefined): Promise<Remains> {
  const mark = `puggle-kernel-${ownerPid}-`;
  const processes: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (commandLine.includes(mark)) processes.push(Number(pid));
  }
  return { processes, folders: (await readdir(tmpdir())).filter((name) => name.startsWith(mark)) };
}
