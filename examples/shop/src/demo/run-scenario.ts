import { setTimeout as delay } from "node:timers/promises";
import type { RunningShop } from "../laptop/shop.ts";
import { ask, NoAnswerError } from "./ask.ts";
import { formatPath, type Hop, isSamePath, readPath, type SeenHop } from "./path.ts";
import type { Journey, Scenario } from "./scenarios.ts";

/** What requests of one kind did: one entry for each way that some of them took. */
export interface Observation {
  readonly times: number;
  readonly took: readonly SeenHop[];
  readonly expected: readonly Hop[];
  readonly isRight: boolean;
}

/** What a scenario came to. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly observations: readonly Observation[];
  /** Why there is an answer missing, where one is. */
  readonly fault: string | undefined;
  readonly isRight: boolean;
}

const CRON_WITHIN_MS = 5_000;
const CRON_POLL_MS = 100;

type Cron = Extract<Scenario, { readonly kind: "cron" }>;

/** Asks what the scenario asks, and compares. Never rejects: what goes wrong is the outcome. */
export async function runScenario(scenario: Scenario, shop: RunningShop): Promise<Outcome> {
  try {
    const observations = await observe(scenario, shop);
    return { scenario, observations, fault: undefined, isRight: observations.every(({ isRight }) => isRight) };
  } catch (error) {
    return { scenario, observations: [], fault: error instanceof Error ? error.message : String(error), isRight: false };
  }
}

async function observe(scenario: Scenario, shop: RunningShop): Promise<Observation[]> {
  if (scenario.kind === "cron") return [compare(await watchCron(scenario, shop), scenario.expected)];
  if (scenario.kind === "request") return [compare(readPath(await ask(shop.gatewayUrl, scenario.ask)), scenario.expected)];
  return await interleave(scenario.journeys, scenario.times, shop);
}

/** All at once, one of each kind after the other, so that they meet in every process and on every connection. */
async function interleave(journeys: readonly Journey[], times: number, shop: RunningShop): Promise<Observation[]> {
  const rounds = Array.from({ length: times }, () => journeys).flat();
  const paths = await Promise.all(rounds.map(async (journey) => ({ journey, took: readPath(await ask(shop.gatewayUrl, journey.ask)) })));
  return journeys.flatMap((journey) =>
    tally(paths.filter((path) => path.journey === journey).map(({ took }) => compare(took, journey.expected))),
  );
}

function tally(observations: readonly Observation[]): Observation[] {
  const kinds = Map.groupBy(observations, ({ took }) => formatPath(took) + took.map(({ header }) => header).join());
  return [...kinds.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [{ ...first, times: 1 + others.length }]));
}

/** The cron's own process keeps what it last found: ask it past the sidecar, so that asking can not be what brings a name to it. */
async function watchCron({ service, virtualCluster, isNameless }: Cron, shop: RunningShop): Promise<SeenHop[]> {
  const url = shop.findAppUrl(service, virtualCluster);
  if (url === undefined) throw new Error(`there is no ${service} in ${virtualCluster ?? "the baseline"}`);
  const deadline = Date.now() + CRON_WITHIN_MS;
  for (;;) {
    try {
      return readPath(await ask(url, { path: `/stock-watch/${isNameless ? "nameless" : "own"}` }));
    } catch (error) {
      if (!(error instanceof NoAnswerError) || Date.now() > deadline) throw error;
      await delay(CRON_POLL_MS);
    }
  }
}

function compare(took: readonly SeenHop[], expected: readonly Hop[]): Observation {
  return { times: 1, took, expected, isRight: isSamePath(took, expected) && took.every(isClean) };
}

/** What a host outside the mesh was sent must not name a virtual cluster in any header, baggage included. */
function isClean({ received = {} }: SeenHop): boolean {
  return Object.entries(received).every(([name, value]) => !`${name}: ${value}`.includes("virtual-cluster"));
}
