import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FoundEnvoy, findEnvoy } from "@puggle/local-envoy";
import { type Mesh, readMesh } from "@puggle/model";
import { type RunningShop, startShop } from "../laptop/shop.ts";
import { closeConnections } from "./ask.ts";
import { curlCommands } from "./commands.ts";
import type { Findings } from "./findings.ts";
import { orInterrupted } from "./interruption.ts";
import type { DemoOptions } from "./options.ts";
import { type Step, showSteps } from "./progress.ts";
import { type Outcome, runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios.ts";

/**
 * Starts the shop, runs the scenarios, hands over the findings, and stops everything: at once, or with `--keep` when interrupted.
 *
 * @returns 0 where every path was right, 1 otherwise.
 * @throws Where something does not start, and an Interruption where one comes before the findings.
 */
export async function runDemo(options: DemoOptions, interruption: AbortSignal, show: (findings: Findings) => void): Promise<number> {
  const begin = performance.now();
  const step = showSteps(options.json);
  const mesh = await readMesh(options.mesh);
  const envoy = await step("Finding Envoy", async ({ say, conclude }) => {
    const found = await findEnvoy({ signal: interruption, onProgress: ({ message, share = 1 }) => say(message, share) });
    conclude(`Envoy ${found.version}, ${describeSource(found)}`);
    return found;
  });
  const folder = await mkdtemp(join(tmpdir(), "puggle-shop-"));
  let isRight = false;
  try {
    await withShop(step, mesh, envoy, folder, interruption, async (shop) => {
      const outcomes = await runScenarios(step, shop, interruption);
      isRight = outcomes.every((outcome) => outcome.isRight);
      const commands = options.keep ? curlCommands(scenarios, shop.gatewayUrl) : [];
      show({ envoy, processes: shop.processes, seconds: Math.round((performance.now() - begin) / 100) / 10, outcomes, commands });
      if (options.keep) await untilInterrupted(interruption);
    });
    return isRight ? 0 : 1;
  } finally {
    if (isRight || interruption.aborted) await rm(folder, { recursive: true, force: true });
    else process.stderr.write(`The logs and configurations are in ${folder}\n`);
  }
}

async function withShop(
  step: Step,
  mesh: Mesh,
  envoy: FoundEnvoy,
  folder: string,
  signal: AbortSignal,
  use: (shop: RunningShop) => Promise<void>,
): Promise<void> {
  const shop = await step("Starting the shop", async ({ say, conclude }) => {
    const onProgress = (started: number, total: number) => say(`${started} of ${total} processes`, started / total);
    const running = await startShop({ mesh, envoy: envoy.path, folder, signal, onProgress });
    conclude(`The shop runs: ${running.processes} processes`);
    return running;
  });
  try {
    await use(shop);
  } finally {
    closeConnections();
    await shop.stop();
  }
}

async function runScenarios(step: Step, shop: RunningShop, interruption: AbortSignal): Promise<Outcome[]> {
  return await step("Sending requests", async ({ say, conclude }) => {
    const outcomes: Outcome[] = [];
    for (const [index, scenario] of scenarios.entries()) {
      say(`${index + 1} of ${scenarios.length}: ${scenario.title}`, index / scenarios.length);
      outcomes.push(await orInterrupted(runScenario(scenario, shop), interruption));
    }
    conclude("Requests sent, answers read");
    return outcomes;
  });
}

function describeSource({ source, path }: FoundEnvoy): string {
  if (source === "environment") return `as ENVOY says: ${path}`;
  return source === "cache" ? `from ${path}` : `fetched to ${path}`;
}

async function untilInterrupted(interruption: AbortSignal): Promise<void> {
  await orInterrupted(new Promise(() => undefined), interruption).catch(() => undefined);
}
