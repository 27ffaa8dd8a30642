import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Findings } from "./isolation-findings.ts";
import { runInNode } from "./matrix/run-in-node.ts";
import { chooseSeed } from "./seeded-random.ts";

const OPERATIONS = Number(process.env.PUGGLE_OPERATIONS ?? 100_000);
/** One for each core that the tests may count on. */
const PROCESSES = 2;
const TIME_MS = 600_000;

const seed = chooseSeed();
let findings: readonly Findings[];

beforeAll(async () => {
  console.log(`seed ${seed} (PUGGLE_SEED=${seed} repeats its choices)`);
  const environment = { PUGGLE_TARGETS: "127.0.0.1", PUGGLE_REPORT_LOST: "off" };
  const runs = Array.from({ length: PROCESSES }, (_, index) =>
    runInNode<Findings>(process.execPath, join(import.meta.dirname, "isolation-run.ts"), [`${OPERATIONS / PROCESSES}`, `${seed + index}`], {
      environment,
      timeoutMs: TIME_MS,
    }),
  );
  findings = (await Promise.all(runs)).map(({ result }) => result);
  for (const found of findings) console.log(tell(found));
}, TIME_MS);

function tell({ operations, ways, seconds, resets, failed, arrived, keptBack, lostByCarelessness, neverCame, stats }: Findings): string {
  return (
    `${operations} operations by ${ways} ways in ${seconds.toFixed(1)} s (${Math.round(operations / seconds)} a second), ${failed} failed, ${resets} ` +
    `connections reset; of requests with a name ${arrived} came to targets with it, ${keptBack} to others without it, ${lostByCarelessness.count} to ` +
    `targets without it, called from nobody's context; of ${neverCame} operations none came; counted: ${stats.sent} sent, ` +
    `${stats.withheld["not-a-target"]} withheld, ${stats.lost} lost`
  );
}

const total = (count: (found: Findings) => number) => findings.reduce((sum, found) => sum + count(found), 0);
const none = { count: 0, first: [] };

describe(`of ${OPERATIONS} interleaved operations, each in a virtual cluster or in none,`, () => {
  test("nearly all were made, and all ended", () => {
    // A request that is aborted before the service has it makes none.
    expect(total((found) => found.operations)).toBeGreaterThan(OPERATIONS * 0.98);
    for (const found of findings) expect(found).toMatchObject({ neverEnded: none, failedRequests: 0 });
  });

  test("none has another's name", () => {
    for (const { wrong } of findings) expect(wrong).toEqual(none);
  });

  test("none takes a name to a host that is no target", () => {
    for (const { leaked } of findings) expect(leaked).toEqual(none);
  });

  test("none loses its name, but those that are called from nobody's context, and each of these is counted", () => {
    for (const { lost, lostByCarelessness, careless, stats } of findings) {
      expect(lost).toEqual(none);
      expect(stats.lost).toBe(careless);
      expect(lostByCarelessness.count).toBe(careless);
    }
  });

  test("all of the calling code finds its own name", () => {
    for (const { strayed } of findings) expect(strayed).toEqual(none);
  });

  test("what the library counted is what servers saw, but for what broke off on its way", () => {
    for (const { stats, arrived, keptBack, failed } of findings) {
      for (const [counted, seen] of [
        [stats.sent, arrived],
        [stats.withheld["not-a-target"], keptBack],
      ] as const) {
        expect(counted).toBeGreaterThanOrEqual(seen);
        expect(counted - seen).toBeLessThanOrEqual(failed);
      }
      expect(stats.withheld).toMatchObject({ "caller-set": 0, connect: 0, "uncertain-origin": 0 });
      expect(stats.failures).toBe(0);
    }
  });
});
