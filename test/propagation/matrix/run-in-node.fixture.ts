import { stats } from "@puggle/propagation";
import { reportResult } from "./report-result.ts";

const args: readonly string[] = process.argv.slice(2);

if (args[0] === "throw") throw new Error("thrown on purpose");
if (args[0] === "hang") {
  console.log("hanging");
  setInterval(() => {}, 1000);
}
if (args[0] === "report") reportResult({ version: process.versions.node, args, active: stats().active });
if (args[0] === "end") process.exit(0);
