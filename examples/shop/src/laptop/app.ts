import { closeSync, openSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type LeashedProcess, readLogTail, spawnLeashed } from "@puggle/local-envoy";

const SHOP_FOLDER = join(import.meta.dirname, "../..");
const READY_WITHIN_MS = 30_000;
const READY_POLL_MS = 25;

/** A process of the shop did not come up. */
class AppStartError extends Error {
  override readonly name = "AppStartError";
  readonly code = "APP_NOT_STARTED";
  readonly logPath: string;

  constructor(app: string, why: string, logPath: string) {
    super(`${app} ${why}. The end of its log (${logPath}):\n${readLogTail(logPath)}`);
    this.logPath = logPath;
  }
}

export interface AppOptions {
  /** What it is called in messages and by its log. */
  readonly name: string;
  /** Its file in `src/services`, without `.ts`. */
  readonly service: string;
  /** Modules that Node loads before it. */
  readonly preload: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
  readonly logFolder: string;
  readonly signal: AbortSignal;
}

/**
 * Starts a service of the shop and waits until it answers.
 *
 * @throws {AppStartError} With the end of its log.
 */
export async function startApp(options: AppOptions): Promise<LeashedProcess> {
  const logPath = join(options.logFolder, `${options.name}.app.log`);
  const app = spawnWithLog(options, logPath);
  const deadline = Date.now() + READY_WITHIN_MS;
  try {
    while (!(await isHealthy(options.port))) {
      options.signal.throwIfAborted();
      if (app.hasEnded()) throw new AppStartError(options.name, `ended with exit code ${await app.ended}`, logPath);
      if (Date.now() > deadline) throw new AppStartError(options.name, "did not answer in time", logPath);
      await delay(READY_POLL_MS);
    }
    return app;
  } catch (error) {
    await app.stop();
    throw error;
  }
}

function spawnWithLog(options: AppOptions, logPath: string): LeashedProcess {
  const preloads = options.preload.flatMap((module) => ["--import", module]);
  const file = join(SHOP_FOLDER, "src/services", `${options.service}.ts`);
  const output = openSync(logPath, "w");
  try {
    return spawnLeashed({
      command: process.execPath,
      arguments: [...preloads, file],
      environment: { ...process.env, ...options.environment },
      output,
    });
  } finally {
    closeSync(output);
  }
}

async function isHealthy(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path: "/healthz", agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("close", () => resolve(false));
    request.on("error", () => resolve(false));
  });
}
