import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";

const TESTS = join(import.meta.dirname, "..");
/** Below the tests' own packages, so that a bundle finds what a file of the tests finds. */
const CACHE = join(TESTS, "node_modules/.cache");
const PRELOAD = ["--import", "@puggle/propagation/register"];
const MOST_OUTPUT = 4000;

export interface RunOptions {
  /** What stands before the file's name. Default: the library's preload. */
  readonly nodeOptions?: readonly string[];
  /** In place of this process's environment, of which only `PATH` and `HOME` are passed on. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: 60,000. */
  readonly timeoutMs?: number;
}

/** What a file left behind that ran in a process of its own. */
export interface RunInNode<Result> {
  /** What it gave to `reportResult`. */
  readonly result: Result;
  /** What it printed, for example a warning. */
  readonly output: string;
}

/**
 * Runs a TypeScript file with any Node.js, also one that strips no types: the file and what it imports by relative paths are bundled, and packages
 * are imported as they are. The file ends with `reportResult` of `report-result.ts`.
 *
 * @param binary - the path of a Node.js, see `find-node.ts`.
 * @param entryFile - an absolute path. In the bundle, `import.meta` tells of the bundle.
 * @throws an `Error` with what was printed, where the process reports nothing or does not end in time; it is killed then.
 *
 * @example
 * ```ts
 * const { result } = await runInNode<string[]>(await findNode("20.20.2"), join(import.meta.dirname, "runner.ts"), ["some", "arguments"]);
 * ```
 */
export async function runInNode<Result>(
  binary: string,
  entryFile: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunInNode<Result>> {
  const folder = join(CACHE, `puggle-matrix-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(folder, { recursive: true });
  try {
    const file = join(folder, "entry.mjs");
    await bundle(entryFile, file);
    return await run<Result>(binary, [...(options.nodeOptions ?? PRELOAD), file, ...args], options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundle(entryFile: string, file: string): Promise<void> {
  const built = await rolldown({
    input: entryFile,
    external: (id, importer) => importer !== undefined && !id.startsWith(".") && !id.startsWith("/"),
    platform: "node",
    // What a package does not export is for the tests that use it to say.
    checks: { importIsUndefined: false },
  });
  await built.write({ file, format: "esm", codeSplitting: false });
  await built.close();
}

function run<Result>(binary: string, args: readonly string[], options: RunOptions): Promise<RunInNode<Result>> {
  const { promise, resolve, reject } = Promise.withResolvers<RunInNode<Result>>();
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(binary, args, {
    cwd: TESTS,
    env: { PATH, HOME, ...options.environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    timeout: options.timeoutMs ?? 60_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  let reported: { readonly result: Result } | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  child.on("message", (message) => {
    reported = { result: message as Result };
  });
  child.on("error", reject);
  child.on("close", (code, signal) => {
    if (reported !== undefined && code === 0) resolve({ result: reported.result, output });
    else reject(new Error(`${binary} ${args.join(" ")} ended with ${signal ?? code}\n${output.slice(-MOST_OUTPUT)}`));
  });
  return promise;
}
