import { spawn } from "node:child_process";
import { KernelError } from "../kernel/kernel-error.ts";

const WAIT_SECONDS = 10;

/**
 * Does something while no other process does it under the same file. The kernel holds the lock, and forgets it with the process: no stale one can be left.
 *
 * @throws KernelError `missing-tool`, `refused`
 */
export async function whileLocked<Result>(file: string, act: () => Promise<Result>): Promise<Result> {
  // In a session of its own: Ctrl-C must not end it before us.
  const lock = spawn("flock", ["--exclusive", "--timeout", `${WAIT_SECONDS}`, file, "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  const closed = new Promise((resolve) => lock.once("close", resolve));
  lock.stdin.on("error", () => undefined);
  await new Promise((resolve, reject) => {
    lock.stdout.once("data", resolve);
    lock.once("error", () => reject(new KernelError("missing-tool", "flock can not be started; install the package util-linux")));
    lock.once("close", () => reject(new KernelError("refused", `${file} could not be locked within ${WAIT_SECONDS} s`)));
  });
  try {
    return await act();
  } finally {
    lock.stdin.end();
    await closed;
  }
}
