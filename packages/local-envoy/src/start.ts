import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isReady } from "./admin.ts";
import { EnvoyStartError } from "./errors.ts";
import { spawnLeashed } from "./leash.ts";
import { explainExit, readLogTail } from "./log.ts";

export interface StartEnvoyOptions {
  /** The Envoy binary: what {@link findEnvoy} gives as `path`. */
  readonly binary: string;
  /** The command that runs the binary, such as `["ip", "netns", "exec", "pod-1"]`; it runs by itself when left out. */
  readonly launcher?: readonly string[];
  /** What this Envoy is called in file names and messages; also its `--service-node`. */
  readonly name: string;
  /** A bootstrap configuration with an `admin` address: YAML or JSON as text, or the path of such a file. */
  readonly config: { readonly text: string } | { readonly path: string };
  /** Where its configuration, log and admin address are put; a temporary folder when left out, which `stop` removes and a failure leaves. */
  readonly folder?: string;
  /** How long it may take until it listens, in milliseconds; 20,000 when left out. */
  readonly readyWithinMs?: number;
  /** Stops it while it starts. */
  readonly signal?: AbortSignal;
}

/** An Envoy that listens. */
export interface RunningEnvoy {
  readonly name: string;
  /** `http://<host>:<port>` of its admin interface. */
  readonly adminUrl: string;
  readonly logPath: string;
  /** Settles when it has ended, with its exit code. Never rejects. */
  readonly ended: Promise<number>;
  /** Ends it: SIGTERM, then SIGKILL after two seconds. May be called again. */
  readonly stop: () => Promise<void>;
}

const READY_POLL_MS = 20;

/**
 * Starts an Envoy with one worker and waits until it listens. It can not outlive this process, however this process ends.
 *
 * @throws {EnvoyStartError} With Envoy's own words, where it refuses its configuration, a port is taken, or it does not come up in time.
 * @throws The signal's reason, where it was aborted.
 * @example
 * ```ts
 * const [port] = await freePorts(1);
 * const text = `admin: { address: { socket_address: { address: 127.0.0.1, port_value: ${port} } } }`;
 * const envoy = await startEnvoy({ binary: (await findEnvoy()).path, name: "edge", config: { text } });
 * await fetch(`${envoy.adminUrl}/stats`);
 * await envoy.stop();
 * ```
 */
export async function startEnvoy(options: StartEnvoyOptions): Promise<RunningEnvoy> {
  const { name } = options;
  const folder = resolve(options.folder ?? (await mkdtemp(join(tmpdir(), "puggle-envoy-"))));
  await mkdir(folder, { recursive: true });
  const logPath = join(folder, `${name}.log`);
  const adminPath = join(folder, `${name}.admin`);
  await rm(adminPath, { force: true });
  const configPath = await placeConfig(options.config, join(folder, `${name}.yaml`));
  const command = [...(options.launcher ?? []), options.binary, ...envoyArguments(name, configPath, adminPath)];
  const process = spawnWithLog(command, logPath);
  const stop = async () => {
    await process.stop();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + (options.readyWithinMs ?? 20_000);
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      if (process.hasEnded()) throw explainExit(name, await process.ended, logPath);
      const address = await readFile(adminPath, "utf8").catch(() => "");
      if (address !== "" && (await isReady(address.trim()))) {
        return { name, adminUrl: `http://${address.trim()}`, logPath, ended: process.ended, stop };
      }
      if (Date.now() > deadline) throw notReady(name, logPath);
      await delay(READY_POLL_MS);
    }
  } catch (error) {
    await process.stop();
    throw error;
  }
}

async function placeConfig(config: StartEnvoyOptions["config"], path: string): Promise<string> {
  if ("path" in config) return resolve(config.path);
  await writeFile(path, config.text);
  return path;
}

function envoyArguments(name: string, configPath: string, adminPath: string): string[] {
  const listed = {
    "config-path": configPath,
    "admin-address-path": adminPath,
    concurrency: "1",
    "service-node": name,
    "service-cluster": name,
  };
  return [
    ...Object.entries(listed).flatMap(([option, value]) => [`--${option}`, value]),
    "--disable-hot-restart",
    "--log-level",
    "warning",
  ];
}

function spawnWithLog([command = "", ...arguments_]: readonly string[], logPath: string) {
  const output = openSync(logPath, "w");
  try {
    return spawnLeashed({ command, arguments: arguments_, output });
  } finally {
    closeSync(output);
  }
}

function notReady(name: string, logPath: string): EnvoyStartError {
  const message = `Envoy '${name}' did not listen in time. The end of its log (${logPath}):\n${readLogTail(logPath)}`;
  return new EnvoyStartError("ENVOY_NOT_READY", message, logPath);
}
