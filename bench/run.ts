/** `npm run bench`: what propagation, generation, routing and network emulation cost. See `--help`. */
import { parseArgs } from "node:util";
import { measureEmulation } from "./emulation/measure.ts";
import { measureGeneration } from "./generation/measure.ts";
import { measureMemory } from "./memory/measure.ts";
import { ARMS, referenceOf } from "./propagation/arms.ts";
import { measurePropagation } from "./propagation/measure.ts";
import {
  printEmulation,
  printGeneration,
  printMemory,
  printPropagation,
  printSidecarCpu,
  printSidecarMemory,
  printStartup,
} from "./report.ts";
import { measureSidecarCpu } from "./sidecars/cpu.ts";
import { measureSidecarMemory } from "./sidecars/memory.ts";
import { measureStartup } from "./startup/measure.ts";

const PARTS = ["propagation", "memory", "startup", "generation", "sidecars", "emulation"] as const;
type Part = (typeof PARTS)[number];

const HELP = `npm run bench -- [options]

  --only <${PARTS.join("|")}>  measure one of them
  --rounds <n>                 fresh processes of each arm of propagation (default 20; generation takes a quarter; the rounds of emulation)
  --calls <n,n>                outbound calls of a request (default 1,10,100)
  --arms <name,name>           the arms beside the control (default all): ${ARMS.filter(
    ({ isControl, name }) => !isControl && referenceOf(name) !== undefined,
  )
    .map(({ name }) => name)
    .join(", ")}
  --json                       print figures as JSON (with npm run --silent)
  --help                       print this
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "20" },
    calls: { type: "string", default: "1,10,100" },
    arms: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}

const rounds = Number(values.rounds);
const calls = values.calls.split(",").map(Number);
const arms = values.arms?.split(",");
const parts = PARTS.filter((part) => values.only === undefined || part === values.only);
const isMeant =
  [rounds, ...calls].every((number) => Number.isInteger(number) && number >= 1) &&
  parts.length > 0 &&
  (arms ?? []).every((each) => referenceOf(each) !== undefined);
if (!isMeant) {
  process.stderr.write(HELP);
  process.exit(2);
}

const onProgress = (message: string) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${message}` : `${message}\n`);
const measure = async <Figures>(part: Part, work: () => Promise<Figures>) => (parts.includes(part) ? await work() : undefined);
const propagation = await measure("propagation", () => measurePropagation({ rounds, calls, arms }, onProgress));
const memory = await measure("memory", () => measureMemory(onProgress));
const startup = await measure("startup", () => measureStartup(onProgress));
const generation = await measure("generation", () => measureGeneration(Math.max(3, Math.round(rounds / 4)), onProgress));
const sidecars = await measure("sidecars", async () => ({
  memory: await measureSidecarMemory(onProgress),
  cpu: await measureSidecarCpu(rounds, onProgress),
}));
const emulation = await measure("emulation", () => measureEmulation(rounds, onProgress));
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
if (values.json) process.stdout.write(`${JSON.stringify({ propagation, memory, startup, generation, sidecars, emulation }, null, 2)}\n`);
else {
  if (propagation !== undefined) printPropagation(propagation);
  if (memory !== undefined) printMemory(memory);
  if (startup !== undefined) printStartup(startup);
  if (generation !== undefined) printGeneration(generation);
  if (sidecars !== undefined) {
    printSidecarMemory(sidecars.memory);
    printSidecarCpu(sidecars.cpu);
  }
  if (emulation !== undefined) printEmulation(emulation);
}
