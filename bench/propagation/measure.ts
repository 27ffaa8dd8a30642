import { type Estimate, estimateMedian, median, mulberry32, shuffle } from "../statistics.ts";
import { ARMS, type Arm, referencesOf } from "./arms.ts";
import { startDownstream } from "./downstream.ts";
import { type Load, MeasuredService } from "./service.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Of each load, until the code is compiled: before that a process's figure falls by half, and what falls is the compiler's share. */
const WARM_UP_CALLS = 5_000;
/** A turn takes about as long whatever a request calls: the more calls, the fewer requests. */
const CALLS_A_TURN = 2_400;
const TURNS = 6;

export interface PropagationOptions {
  /** Fresh processes of each arm. */
  readonly rounds: number;
  /** Outbound calls of a request, one figure each. */
  readonly calls: readonly number[];
  /** The names of the arms to measure; the bare ones are always among them. */
  readonly arms: readonly string[] | undefined;
}

export interface PropagationFigures {
  readonly node: string;
  readonly rounds: number;
  readonly arms: readonly ArmFigures[];
  readonly verdicts: readonly Verdict[];
}

export interface ArmFigures extends Load {
  readonly name: string;
  readonly what: string;
  /** CPU time of the service for one request, in microseconds: the median of its processes. */
  readonly cpuMicroseconds: number;
  /**
   * By how much it is more than bare under the same load, as a share: the median over rounds of the ratio within a round, less one. Bare is the
   * mean of both bare arms.
   */
  readonly overBare: Estimate;
}

/**
 * A round starts a fresh process of each arm and puts each load on them by turns, in an order that changes with each turn, so that a drift
 * of the machine's speed meets all of them alike. A process's figure is its fastest turn: what else runs on the machine
 * only ever adds to a turn.
 */
export async function measurePropagation(options: PropagationOptions, onProgress: (message: string) => void): Promise<PropagationFigures> {
  const { rounds } = options;
  const arms = ARMS.filter(({ name, passesOn }) => passesOn === "not" || (options.arms?.includes(name) ?? true));
  const loads = options.calls.flatMap((calls) => [true, false].map((isNamed) => ({ calls, isNamed })));
  const downstream = await startDownstream();
  const random = mulberry32(rounds);
  const figures: Map<string, number>[] = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      onProgress(`propagation: round ${round} of ${rounds}`);
      figures.push(await measureRound(arms, loads, downstream.port, random));
    }
  } finally {
    downstream.server.closeAllConnections();
    downstream.server.close();
  }
  const measured = loads.flatMap((load) => arms.map((arm) => summarize(arm, load, figures)));
  return { node: process.version, rounds, arms: measured, verdicts: loads.flatMap((load) => judge(load, arms, measured)) };
}

async function measureRound(
  arms: readonly Arm[],
  loads: readonly Load[],
  downstreamPort: number,
  random: () => number,
): Promise<Map<string, number>> {
  const services: MeasuredService[] = [];
  const fastest = new Map<string, number>();
  try {
    for (const arm of shuffle(arms, random)) services.push(await MeasuredService.start(arm, downstreamPort));
    for (const service of services) for (const load of loads) await service.load(load, requestsFor(load, WARM_UP_CALLS));
    for (let turn = 0; turn < TURNS; turn++) {
      for (const load of shuffle(loads, random)) {
        for (const service of shuffle(services, random)) {
          const key = keyOf(service.arm.name, load);
          fastest.set(
            key,
            Math.min(fastest.get(key) ?? Number.POSITIVE_INFINITY, await service.load(load, requestsFor(load, CALLS_A_TURN))),
          );
        }
      }
    }
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
  return fastest;
}

/** A request costs about as much as a call. */
function requestsFor({ calls }: Load, sum: number): number {
  return Math.round(sum / (calls + 1));
}

function keyOf(arm: string, { calls, isNamed }: Load): string {
  return `${arm} ${calls} ${isNamed}`;
}

function summarize(arm: Arm, load: Load, figures: readonly Map<string, number>[]): ArmFigures {
  const of = (name: string) => figures.map((figure) => figure.get(keyOf(name, load)) ?? Number.NaN);
  const references = referencesOf(arm).map(of);
  const ratios = of(arm.name).map((cpu, round) => cpu / mean(references.map((reference) => reference[round] ?? Number.NaN)) - 1);
  return { name: arm.name, what: arm.what, ...load, cpuMicroseconds: median(of(arm.name)), overBare: estimateMedian(ratios) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
