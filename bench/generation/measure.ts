import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { median } from "../statistics.ts";

const run = promisify(execFile);

/** The number of services, and of virtual clusters; there are ten times as many members. */
const SIZES = [10, 100, 1_000];

export interface GenerationFigures {
  readonly services: number;
  readonly virtualClusters: number;
  readonly members: number;
  readonly files: number;
  /** From the mesh file's text to the mesh: the median of the processes. */
  readonly parseMs: number;
  /** From the mesh to the files' text. */
  readonly generateMs: number;
  /** Of one sidecar that sees every service. */
  readonly routes: number;
  /** From all objects to that sidecar's table. */
  readonly compileMs: number;
  readonly peakMegabytes: number;
}

/** Fresh processes, the sizes by turns. */
export async function measureGeneration(rounds: number, onProgress: (message: string) => void): Promise<readonly GenerationFigures[]> {
  const samples = new Map<number, Omit<GenerationFigures, "services" | "virtualClusters">[]>(SIZES.map((size) => [size, []]));
  for (let round = 1; round <= rounds; round++) {
    onProgress(`generation: round ${round} of ${rounds}`);
    for (const size of SIZES) {
      const { stdout } = await run(process.execPath, [fileURLToPath(new URL("generate-once.ts", import.meta.url)), `${size}`]);
      samples.get(size)?.push(JSON.parse(stdout));
    }
  }
  return [...samples].map(([size, figures]) => {
    const of = (name: keyof (typeof figures)[number]) => median(figures.map((figure) => figure[name]));
    return {
      services: size,
      virtualClusters: size,
      members: of("members"),
      files: of("files"),
      parseMs: of("parseMs"),
      generateMs: of("generateMs"),
      routes: of("routes"),
      compileMs: of("compileMs"),
      peakMegabytes: of("peakMegabytes"),
    };
  });
}
