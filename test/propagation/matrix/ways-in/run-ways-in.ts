import { join } from "node:path";
import type { WayResult } from "../cells.ts";
import { runInNode } from "../run-in-node.ts";

const RUNNER = join(import.meta.dirname, "run-ways.ts");
// The tests' own requests are made in no scope, which is what a warning would be about.
const environment = { PUGGLE_REPORT_LOST: "off" };

/**
 * Puts every way in to the contract, on one Node.js: with the preload and no line of code, and with the adapters and the server hook off.
 *
 * @param binary - the path of a Node.js.
 */
export async function runWaysIn(binary: string): Promise<WayResult[]> {
  const [byPreload, byAdapter] = await Promise.all([
    runInNode<WayResult[]>(binary, RUNNER, ["preload"], { environment }),
    runInNode<WayResult[]>(binary, RUNNER, ["adapter"], { environment, nodeOptions: [] }),
  ]);
  return [...byPreload.result, ...byAdapter.result];
}
