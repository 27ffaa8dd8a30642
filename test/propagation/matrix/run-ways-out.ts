/**
 * Puts ways out to the contract on the Node.js that runs this: those whose names are given, or all.
 */
import { stats } from "@puggle/propagation";
import { chooseSeed, seededRandom } from "../seeded-random.ts";
import type { Cell, WayResult } from "./cells.ts";
import { Caller } from "./contract/caller.ts";
import { contract } from "./contract/checks.ts";
import { inTime, LateError } from "./contract/in-time.ts";
import { reportResult } from "./report-result.ts";
import { type Servers, startServers } from "./servers/servers.ts";
import { type CheckName, type VersionedWayOut, waysOut } from "./ways-out/index.ts";
import { whyNotOn } from "./ways-out/installed.ts";

const seed = chooseSeed();
/** What no check waits for, such as an error that nobody handles; of the way that is being tried. */
let stray: Record<string, string> = {};
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    stray[event] = describe(error);
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function tryWay(way: VersionedWayOut, servers: Servers): Promise<Cell> {
  const why = whyNotOn(process.versions.node, way);
  if (why !== undefined) return { is: "absent", why };
  const before = stats();
  stray = {};
  const faults: Record<string, string> = {};
  for (const [name, check] of Object.entries(contract)) {
    if (way.cannot[name as CheckName] !== undefined) continue;
    try {
      const opened = await way.open();
      try {
        await check(new Caller(way, opened, servers), seededRandom(seed));
      } finally {
        await inTime("the client did not close", opened.close());
      }
    } catch (error) {
      faults[name] = `${describe(error)}\nPUGGLE_SEED=${seed} repeats it`;
      // Each further check would take as long.
      if (error instanceof LateError) break;
    }
  }
  const after = stats();
  const counted = {
    failures: after.failures - before.failures,
    uncertain: after.withheld["uncertain-origin"] - before.withheld["uncertain-origin"],
    lost: after.lost - before.lost,
  };
  for (const [what, count] of Object.entries(counted)) if (count !== 0) faults[what] = `${what} was counted ${count} times`;
  Object.assign(faults, stray);
  return Object.keys(faults).length === 0 ? { is: "green" } : { is: "red", faults };
}

const wanted = process.argv.slice(2);
const servers = await startServers();
const results: WayResult[] = [];
for (const way of waysOut) {
  if (wanted.length > 0 && !wanted.includes(way.name)) continue;
  const { name, version, cannot } = way;
  const started = performance.now();
  results.push({ direction: "out", way: name, version, cannot, cell: await tryWay(way, servers) });
  // Tells, should this process be stopped, how far it came.
  console.log(`${Math.round(performance.now() - started)} ms ${name} ${version ?? ""}`);
}
reportResult(results);
