import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readLogTail, spawnLeashed } from "@puggle/local-envoy";

const READY_POLL_MS = 50;

export interface DaemonOptions {
  /** What it is called in messages, and its log file. */
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Added to `process.env`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its log is put. */
  readonly folder: string;
  readonly isReady: () => Promise<boolean>;
  /** 30,000 when left out. */
  readonly readyWithinMs?: number;
}

/** A server of the cluster, which can not outlive this process. */
export interface Daemon {
  readonly name: string;
  readonly pid: number | undefined;
  readonly logPath: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server and waits until it is ready.
 *
 * @throws with the end of its log, where it ends or is not ready in time.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { name, folder, readyWithinMs = 30_000 } = options;
  await mkdir(folder, { recursive: true });
  const logPath = join(folder, `${name}.log`);
  const log = openSync(logPath, "a");
  const environment = { ...process.env, ...options.environment };
  const child = spawnLeashed({ command: options.command, arguments: options.arguments, environment, output: log });
  closeSync(log);
  const deadline = Date.now() + readyWithinMs;
  while (!(await options.isReady().catch(() => false))) {
    const why = child.hasEnded() ? "has ended" : Date.now() > deadline ? `was not ready after ${readyWithinMs / 1_000} s` : undefined;
    if (why !== undefined) {
      await child.stop();
      throw new Error(`${name} ${why}; the end of its log, ${logPath}:\n${readLogTail(logPath)}`);
    }
    await delay(READY_POLL_MS);
  }
  return { name, pid: child.pid, logPath, stop: child.stop };
}

/** Does this URL answer 200? */
export async function answers(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}
