import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { KernelError } from "./kernel-error.ts";

const PACKAGES = { tc: "iproute2", ip: "iproute2", ipset: "ipset" } as const;

/** A tool that stays, and does one line after the other. */
export type ToolName = keyof typeof PACKAGES;

/**
 * Starts a tool that stays until its input ends, as it does when this process has ended, however that is. Signals that end a whole group, as a terminal sends
 * them at Ctrl-C, are not for it: this process needs it to clear up. Both outputs are one, so that what is printed keeps its order.
 */
export function startResident(
  enter: readonly string[],
  tool: ToolName,
  options: readonly string[],
): ChildProcessByStdio<Writable, Readable, null> {
  const script = `trap '' HUP INT TERM; exec "$@" 2>&1`;
  return spawn("/bin/sh", ["-c", script, "sh", ...enter, tool, ...options], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
  });
}

/** Ends it by its input, and waits for that. */
export async function endResident(tool: ChildProcessByStdio<Writable, Readable, null>): Promise<void> {
  if (tool.exitCode !== null || tool.signalCode !== null || tool.pid === undefined) return;
  const closed = new Promise((resolve) => tool.once("close", resolve));
  tool.stdin.end();
  await closed;
}

/** Says why a tool has ended that was to stay. */
export function endOf(tool: ToolName, said: string): KernelError {
  if (/reassociate to namespace/.test(said)) return new KernelError("no-namespace", "that file stands for a namespace, but for no network");
  const missing = /failed to execute (\S+):|exec: (\S+): not found/.exec(said);
  const name = missing?.[1] ?? missing?.[2];
  if (name !== undefined) {
    const install = name === "nsenter" ? "util-linux" : PACKAGES[tool];
    return new KernelError("missing-tool", `${name} can not be started; install the package ${install}`);
  }
  return new KernelError(
    "tool-ended",
    `${tool} has ended in the network namespace, and is started again: ${said.trim() || "it said nothing"}`,
  );
}
