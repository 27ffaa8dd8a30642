import { join } from "node:path";
import { findNode, nodeVersions } from "../node-versions/find-node.ts";
import { chooseSeed } from "../seeded-random.ts";
import type { WayResult } from "./cells.ts";
import type { Matrix } from "./readme-table.ts";
import { runInNode } from "./run-in-node.ts";
import { TARGET } from "./servers/servers.ts";

/** Runs every way out on each version of Node.js, all at once; `PUGGLE_SEED` repeats a run. */
export async function runWaysOut(): Promise<Matrix> {
  const environment = { PUGGLE_TARGETS: TARGET, PUGGLE_SEED: `${chooseSeed()}` };
  const runs = nodeVersions.supported.map(async (version) => {
    const binary = await findNode(version);
    const run = await runInNode<WayResult[]>(binary, join(import.meta.dirname, "run-ways-out.ts"), [], { environment, timeoutMs: 240_000 });
    return [version, run.result] as const;
  });
  return new Map(await Promise.all(runs));
}
