import { fork } from "node:child_process";
import { join } from "node:path";
import { findMissingOnHost } from "../../test/kernel/host/requirements.ts";
import { nextMessage } from "../messages.ts";
import { type Estimate, estimateMedian } from "../statistics.ts";
import { ARMS, type Arm, type Size, type Timed } from "./arms.ts";

const RULES = 10;
const BARS_MS: Readonly<Record<number, number>> = { 1: 50, 100: 2_000 };
/** With more rules than this, or more namespaces, a round takes long: a quarter of them will do. */
const QUICK = 100;

export interface EmulationFigures {
  readonly sizes: readonly {
    readonly namespaces: number;
    readonly rules: number;
    readonly rounds: number;
    readonly firstMs: number;
    readonly arms: readonly {
      readonly name: Arm;
      readonly what: string;
      readonly p50: number;
      readonly p95: number;
      /** Over what as many bare `tc` processes took in the same round, as a ratio. */
      readonly overTc: Estimate;
      /** At most so many milliseconds at p50. */
      readonly bar: number | undefined;
      readonly holds: boolean | undefined;
    }[];
    readonly grownBytes: number;
    readonly toolsBytes: number;
    readonly processes: number;
  }[];
}

const WHAT: Readonly<Record<Arm, string>> = {
  nothing: "apply what is in force: read, and find nothing to do",
  rate: "apply another rate: changed in place",
  rule: "apply a rule more or less before all others: all filters anew",
  tc: "one tc process for each namespace, to change a rate",
  "tc-again": "the same once more",
};

/**
 * From changed specs to changed kernels, on this machine's kernel: all namespaces at once, beside as many bare `tc` processes by turns.
 *
 * @throws where the machine lacks what that needs
 */
export async function measureEmulation(rounds: number, onProgress: (message: string) => void): Promise<EmulationFigures> {
  const missing = await findMissingOnHost();
  if (missing.length > 0) throw new Error(`emulation can not be measured here; this is missing:\n${missing.join("\n")}`);
  const few = Math.max(3, Math.round(rounds / 4));
  const sizes = [
    ...[1, 10, 100].map((namespaces) => ({ namespaces, rules: RULES, rounds })),
    ...[1, 100, 1_000].map((rules) => ({ namespaces: 1, rules, rounds: rules > QUICK ? few : rounds })),
  ];
  const figures = [];
  for (const size of sizes) {
    onProgress(`emulation: ${size.namespaces} namespaces, ${size.rules} rules`);
    figures.push(describe(size, await timeInProcess(size)));
  }
  return { sizes: figures };
}

async function timeInProcess(size: Size): Promise<Timed> {
  const child = fork(join(import.meta.dirname, "change-often.ts"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  try {
    child.send(size);
    return await nextMessage<Timed>(child);
  } finally {
    child.kill();
  }
}

function describe(size: Size, { milliseconds, first, before, own, tools, processes }: Timed): EmulationFigures["sizes"][number] {
  const arms = ARMS.map((name) => {
    const bar = name === "rate" || name === "rule" ? barOf(size) : undefined;
    const p50 = quantile(milliseconds[name], 0.5);
    const ratios = milliseconds[name].map((value, round) => value / (milliseconds.tc[round] ?? Number.NaN));
    return {
      name,
      what: WHAT[name],
      p50,
      p95: quantile(milliseconds[name], 0.95),
      overTc: estimateMedian(ratios),
      bar,
      holds: bar === undefined ? undefined : p50 < bar,
    };
  });
  return { ...size, firstMs: first, arms, grownBytes: own - before, toolsBytes: tools, processes };
}

function barOf({ namespaces, rules }: Size): number | undefined {
  return rules === RULES ? BARS_MS[namespaces] : undefined;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
