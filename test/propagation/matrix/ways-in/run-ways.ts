/**
 * Puts the ways in of one kind to the contract on the Node.js that runs this: `preload`, which has the library loaded by a flag, or
 * `adapter`, which has the server hook off. More arguments are parts of the names of the ways that are wanted.
 */
import { register } from "@puggle/propagation";
import type { WayResult } from "../cells.ts";
import { reportResult } from "../report-result.ts";
import { waysIn } from "./index.ts";
import { tryWay } from "./results.ts";

const [kind, ...parts] = process.argv.slice(2);
if (kind === "adapter") register({ inbound: false });
const results: WayResult[] = [];
for (const way of waysIn) {
  if (way.by !== kind || !(parts.length === 0 || parts.some((part) => way.way.includes(part)))) continue;
  results.push(await tryWay(way));
}
reportResult(results);
