/** `npm run bench`: what propagation and generation cost. See `--help`. */
import { parseArgs, styleText } from "node:util";
import { type GenerationFigures, measureGeneration } from "./generation/measure.ts";
import { measurePropagation, type PropagationFigures } from "./propagation/measure.ts";

const HELP = `npm run bench -- [options]

  --only <propagation|generation>  measure one of the two
  --rounds <n>                     fresh processes of each arm (default 24; generation takes a quarter)
  --json                           print figures as JSON (with npm run --silent)
  --help                           print this
`;

const { values } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string", default: "24" }, json: { type: "boolean" }, help: { type: "boolean" } },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || (values.only !== undefined && !["propagation", "generation"].includes(values.only))) {
  process.stderr.write(HELP);
  process.exit(2);
}

const onProgress = (message: string) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${message}` : `${message}\n`);
const propagation = values.only === "generation" ? undefined : await measurePropagation(rounds, onProgress);
const generation = values.only === "propagation" ? undefined : await measureGeneration(Math.max(3, Math.round(rounds / 4)), onProgress);
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
if (values.json) process.stdout.write(`${JSON.stringify({ propagation, generation }, null, 2)}\n`);
else {
  if (propagation !== undefined) printPropagation(propagation);
  if (generation !== undefined) printGeneration(generation);
}

function printPropagation({ node, rounds: processes, arms }: PropagationFigures): void {
  console.log(
    styleText("bold", `CPU time of a service for one request: Express 5 and one undici call (Node ${node}, ${processes} processes an arm)`),
  );
  for (const { name, what, cpuMicroseconds, overBare } of arms) {
    const over =
      name === "bare" ? "" : `${percent(overBare.median)} over bare (95 %: ${percent(overBare.lower)} to ${percent(overBare.upper)})`;
    console.log(`  ${name.padEnd(15)} ${cpuMicroseconds.toFixed(1).padStart(7)} us  ${over.padEnd(52)} ${what}`);
  }
}

function printGeneration(sizes: readonly GenerationFigures[]): void {
  console.log(styleText("bold", "From a mesh file to Istio's YAML"));
  for (const { services, virtualClusters, members, files, parseMs, generateMs, peakMegabytes } of sizes) {
    const took = `read in ${parseMs.toFixed(0)} ms, generated in ${generateMs.toFixed(0)} ms, ${peakMegabytes.toFixed(0)} MB at most`;
    console.log(`  ${services} services, ${virtualClusters} virtual clusters, ${members} members: ${files} files; ${took}`);
  }
}

function percent(share: number): string {
  return `${share >= 0 ? "+" : ""}${(share * 100).toFixed(1)} %`;
}
