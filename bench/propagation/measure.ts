import { type Estimate, estimateMedian, median, mulberry32, shuffle } from "../statistics.ts";
import { ARMS, type Arm, referenceOf } from "./arms.ts";
import { createDownstream } from "./downstream.ts";
import { pinBench, unpinBench } from "./pin.ts";
import { type Load, MeasuredService } from "./service.ts";
import { judge, type Verdict } from "./verdict.ts";

/** A turn takes about as long whatever a request calls: the more calls, the fewer requests. */
const CALLS_A_TURN = 3_000;
/**
 * Turns differ in length by up to this share. The garbage of a turn is about what Node.js collects at once: by turns of one length, a process would
 * collect what one load left always in the turn of another.
 */
const SPREAD = 0.5;
const TURNS = 6;
/**
 * A process's figure falls to a third until V8 has compiled all that it runs, which takes some 30,000 requests of one call: before that most of what a
 * library adds is the compiler's work on its code. By turns too: a service that is idle for seconds loses its connections, and is slower for a while.
 */
const WARM_UP_TURNS = 10;

export interface PropagationOptions {
  /** Fresh processes of each arm. */
  readonly rounds: number;
  /** Outbound calls of a request, one figure each. */
  readonly calls: readonly number[];
  /** The names of the arms to measure; the control is always among them. */
  readonly arms: readonly string[] | undefined;
}

export interface PropagationFigures {
  readonly node: string;
  readonly rounds: number;
  /** Had the services a CPU of their own? */
  readonly isPinned: boolean;
  readonly arms: readonly ArmFigures[];
  readonly verdicts: readonly Verdict[];
}

export interface ArmFigures extends Load {
  readonly name: string;
  readonly what: string;
  /** CPU time of the service for one request, in microseconds: the median of its processes. */
  readonly cpuMicroseconds: number;
  /** By how much it is more than bare under the same load, as a share: the median of its processes, each with a bare one beside it. */
  readonly overBare: Estimate;
  /** The same while the process was warmed up and V8 still compiled, of which nothing is in the other figures. */
  readonly overBareBefore: Estimate;
}

/** What one process of an arm showed under one load. */
interface Sample {
  readonly arm: string;
  readonly load: Load;
  readonly cpuMicroseconds: number;
  readonly overBare: number;
  readonly overBareBefore: number;
}

/**
 * Each process of an arm has a fresh bare one beside it, and the two are loaded by turns, so that neither is ever idle for long and whatever else
 * happens on the machine meets both alike. The control is a bare process beside a bare one.
 */
export async function measurePropagation(options: PropagationOptions, onProgress: (message: string) => void): Promise<PropagationFigures> {
  const { rounds } = options;
  const isPinned = pinBench();
  const arms = ARMS.filter(({ name, isControl }) => isControl || (options.arms?.includes(name) ?? referenceOf(name) !== undefined));
  const loads = options.calls.flatMap((calls) => [true, false].map((isNamed) => ({ calls, isNamed })));
  const downstream = createDownstream();
  const random = mulberry32(rounds);
  const samples: Sample[] = [];
  try {
    const port = await downstream.listen();
    for (let round = 1; round <= rounds; round++) {
      for (const arm of shuffle(arms, random)) {
        onProgress(`propagation: round ${round} of ${rounds}: ${arm.name}`);
        const isFirst = random() < 0.5;
        samples.push(...(await measurePair(arm, { loads, port, isPinned, isFirst, random })));
      }
    }
  } finally {
    downstream.close();
    if (isPinned) unpinBench();
  }
  const measured = loads.flatMap((load) => arms.map((arm) => summarize(arm, load, samples)));
  return { node: process.version, rounds, isPinned, arms: measured, verdicts: loads.flatMap((load) => judge(load, arms, measured)) };
}

interface Conditions {
  readonly loads: readonly Load[];
  readonly port: number;
  readonly isPinned: boolean;
  /** Is the arm's process started before the bare one? */
  readonly isFirst: boolean;
  readonly random: () => number;
}

async function measurePair(arm: Arm, { loads, port, isPinned, isFirst, random }: Conditions): Promise<Sample[]> {
  const reference = referenceOf(arm.name);
  if (reference === undefined) throw new Error(`${arm.name} is what others are held against`);
  const pair: MeasuredService[] = [];
  try {
    for (const each of isFirst ? [arm, reference] : [reference, arm]) pair.push(await MeasuredService.start(each, port, isPinned));
    const [first, second] = pair as [MeasuredService, MeasuredService];
    const [measured, bare] = isFirst ? [first, second] : [second, first];
    const take = (load: Load) => takeTurn(measured, bare, load, requestsFor(load, CALLS_A_TURN * (1 + SPREAD * (2 * random() - 1))));
    const taken = loads.map((load) => ({ load, warmUp: [] as Turn[], turns: [] as Turn[] }));
    for (let turn = 0; turn < WARM_UP_TURNS; turn++) for (const { load, warmUp } of taken) warmUp.push(await take(load));
    for (let turn = 0; turn < TURNS; turn++) for (const { load, turns } of taken) turns.push(await take(load));
    return taken.map(({ load, warmUp, turns }) => ({
      arm: arm.name,
      load,
      cpuMicroseconds: sum(turns, "cpu") / sum(turns, "requests"),
      overBare: overBare(turns),
      overBareBefore: overBare(warmUp),
    }));
  } finally {
    await Promise.all(pair.map((service) => service.stop()));
  }
}

/** What a process and the bare one beside it took for so many requests each, in microseconds of CPU time. */
interface Turn {
  readonly requests: number;
  readonly cpu: number;
  readonly bareCpu: number;
}

/** There and back, so that a machine that grows slower or faster meanwhile meets both alike. */
async function takeTurn(measured: MeasuredService, bare: MeasuredService, load: Load, requests: number): Promise<Turn> {
  const before = await measured.load(load, requests);
  const bareCpu = (await bare.load(load, requests)) + (await bare.load(load, requests));
  return { requests: 2 * requests, cpu: before + (await measured.load(load, requests)), bareCpu };
}

/** A request costs about as much as a call. */
function requestsFor({ calls }: Load, all: number): number {
  return Math.round(all / (calls + 1));
}

function overBare(turns: readonly Turn[]): number {
  return sum(turns, "cpu") / sum(turns, "bareCpu") - 1;
}

function sum(turns: readonly Turn[], what: keyof Turn): number {
  return turns.reduce((total, turn) => total + turn[what], 0);
}

function summarize(arm: Arm, load: Load, samples: readonly Sample[]): ArmFigures {
  const own = samples.filter((sample) => sample.arm === arm.name && sample.load === load);
  return {
    name: arm.name,
    what: arm.what,
    ...load,
    cpuMicroseconds: median(own.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    overBare: estimateMedian(own.map(({ overBare }) => overBare)),
    overBareBefore: estimateMedian(own.map(({ overBareBefore }) => overBareBefore)),
  };
}
