import { type Estimate, estimateMedian, median, mulberry32, shuffle } from "../statistics.ts";
import { ARMS } from "./arms.ts";
import { startDownstream } from "./downstream.ts";
import { MeasuredService } from "./service.ts";

/** Until the code is compiled: before that a process's figure falls by half, and what falls is the compiler's share. */
const WARM_UP_REQUESTS = 16_000;
const REQUESTS_A_TURN = 1_500;
const TURNS = 10;

export interface PropagationFigures {
  readonly node: string;
  readonly rounds: number;
  readonly arms: readonly ArmFigures[];
}

interface ArmFigures {
  readonly name: string;
  readonly what: string;
  /** CPU time of the service for one request, in microseconds: the median of its processes. */
  readonly cpuMicroseconds: number;
  /** By how much it is more than bare, as a share: the median over rounds of the ratio within a round, less one.
   * Requests without a name are held against bare requests without a name. */
  readonly overBare: Estimate;
}

/**
 * A round starts a fresh process of each arm and loads them by turns, in an order that changes with each turn, so that a drift of the machine's speed
 * meets all of them alike. A process's figure is its fastest turn: what else runs on the machine
 * only ever adds to a turn.
 */
export async function measurePropagation(rounds: number, onProgress: (message: string) => void): Promise<PropagationFigures> {
  const downstream = await startDownstream();
  const random = mulberry32(rounds);
  const figures: Map<string, number>[] = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      onProgress(`propagation: round ${round} of ${rounds}`);
      figures.push(await measureRound(downstream.port, random));
    }
  } finally {
    downstream.server.closeAllConnections();
    downstream.server.close();
  }
  const of = (name: string) => figures.map((figure) => figure.get(name) ?? Number.NaN);
  const [bare, bareUnnamed] = [of("bare"), of("bare-unnamed")];
  const reference = (name: string) => (name === "puggle-unnamed" ? bareUnnamed : bare);
  const arms = ARMS.map(({ name, what }) => ({
    name,
    what,
    cpuMicroseconds: median(of(name)),
    overBare: estimateMedian(of(name).map((cpu, round) => cpu / (reference(name)[round] ?? Number.NaN) - 1)),
  }));
  return { node: process.version, rounds, arms };
}

async function measureRound(downstreamPort: number, random: () => number): Promise<Map<string, number>> {
  const services: MeasuredService[] = [];
  const turns = new Map<string, number[]>(ARMS.map(({ name }) => [name, []]));
  try {
    for (const arm of shuffle(ARMS, random)) services.push(await MeasuredService.start(arm, downstreamPort));
    for (const service of services) await service.load(WARM_UP_REQUESTS);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const service of shuffle(services, random)) turns.get(service.arm.name)?.push(await service.load(REQUESTS_A_TURN));
    }
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
  return new Map([...turns].map(([name, values]) => [name, Math.min(...values)]));
}
