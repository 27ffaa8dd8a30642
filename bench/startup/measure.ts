import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Estimate, estimateMedian, median, mulberry32, shuffle } from "../statistics.ts";

const run = promisify(execFile);
const PROCESSES = 30;

export interface StartupFigures {
  readonly node: string;
  readonly processes: number;
  readonly starts: readonly {
    readonly name: string;
    /** From the start of the process to its end: the median. */
    readonly milliseconds: number;
    /** The fastest process: what else runs on the machine only ever adds. */
    readonly fastest: number;
    /** By how much it is more than its reference, started in the same round, in milliseconds. */
    readonly over: Estimate;
    readonly reference: string;
  }[];
  readonly installed: InstalledSize;
}

interface InstalledSize {
  readonly files: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** What npm installs along with it. */
  readonly dependencies: number;
}

type Start = readonly [name: string, reference: string, args: readonly string[]];

function startsOf(url: string): readonly Start[] {
  const preload = ["--import", import.meta.resolve("@puggle/propagation/register")];
  const cjs = JSON.stringify(fileURLToPath(new URL("../cjs/index.js", import.meta.resolve("@puggle/propagation"))));
  const fetching = `fetch(${JSON.stringify(url)}).then((answer) => answer.text()).then(() => process.exit())`;
  return [
    ["node", "node", ["-e", "0"]],
    ["node again", "node", ["-e", "0"]],
    ["register()", "node", ["-e", `require(${cjs}).register()`]],
    ["--import", "node", [...preload, "-e", "0"]],
    ["fetch", "fetch", ["-e", fetching]],
    ["fetch again", "fetch", ["-e", fetching]],
    ["fetch, register()", "fetch", ["-e", `require(${cjs}).register(); ${fetching}`]],
    ["fetch, --import", "fetch", [...preload, "-e", fetching]],
  ];
}

/** Starts fresh processes by turns: of a service that does nothing, and of one that uses `fetch`, which has costs of its own. */
export async function measureStartup(onProgress: (message: string) => void): Promise<StartupFigures> {
  const server = createServer((_request, response) => response.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const starts = startsOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const random = mulberry32(PROCESSES);
  const took = new Map<string, number[]>(starts.map(([name]) => [name, []]));
  try {
    // The first round finds no file in the cache.
    for (let round = 0; round <= PROCESSES; round++) {
      onProgress(`startup: round ${round} of ${PROCESSES}`);
      for (const [name, , args] of shuffle(starts, random)) {
        const milliseconds = await timeProcess(args);
        if (round > 0) took.get(name)?.push(milliseconds);
      }
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
  const of = (name: string) => took.get(name) ?? [];
  const figures = starts.map(([name, reference]) => ({
    name,
    reference,
    milliseconds: median(of(name)),
    fastest: Math.min(...of(name)),
    over: estimateMedian(of(name).map((value, round) => value - (of(reference)[round] ?? Number.NaN))),
  }));
  return { node: process.version, processes: PROCESSES, starts: figures, installed: await measureInstalled() };
}

async function timeProcess(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}`);
  return performance.now() - started;
}

async function measureInstalled(): Promise<InstalledSize> {
  const manifest = fileURLToPath(import.meta.resolve("@puggle/propagation/package.json"));
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: dirname(manifest) });
  // An array up to npm 10, keyed by name after.
  const [packed]: { size: number; unpackedSize: number; entryCount: number }[] = Object.values(JSON.parse(stdout));
  if (packed === undefined) throw new Error("npm packed nothing");
  const { dependencies = {} } = (await import(manifest, { with: { type: "json" } })).default as { dependencies?: object };
  return {
    files: packed.entryCount,
    packedBytes: packed.size,
    unpackedBytes: packed.unpackedSize,
    dependencies: Object.keys(dependencies).length,
  };
}
