import { runInVirtualCluster, stats } from "@puggle/propagation";
import { startDownstream } from "./isolation-downstream.ts";
import { type Findings, judgeOperations } from "./isolation-findings.ts";
import { Operations } from "./isolation-operations.ts";
import { startServices } from "./isolation-services.ts";
import { reportResult } from "./matrix/report-result.ts";
import { seededRandom } from "./seeded-random.ts";

/** Calls that one inbound request causes, some at once and some after one another. */
const CHAINS = 2;
const CALLS_IN_A_CHAIN = 5;
const CALLS = CHAINS * CALLS_IN_A_CHAIN;
const AT_A_TIME = 60;
const RESETS_PERCENT = 5;
const TARDY_MS = 30_000;

const random = seededRandom(Number(process.argv[3]));
const requests = Math.ceil(Number(process.argv[2]) / CALLS);

const downstream = await startDownstream(random, RESETS_PERCENT);
const operations = new Operations(downstream, random);
await operations.open();
const services = await startServices(async (query) => {
  const name = query.get("name") ?? undefined;
  const chain = async () => {
    for (let index = 0; index < CALLS_IN_A_CHAIN; index += 1) {
      await operations.pause();
      await operations.operate(name, !query.has("aborted"));
    }
  };
  await Promise.all(Array.from({ length: CHAINS }, chain));
});

/** Sends inbound requests, in no virtual cluster of its own, and gives the number of those that failed. */
async function sendAll(): Promise<number> {
  let next = 0;
  let failed = 0;
  const sendOneAfterAnother = async () => {
    for (let index = next++; index < requests; index = next++) {
      const service = services[index % services.length];
      const name = random() < 0.3 ? undefined : `vc-${index}`;
      const isAborted = random() < 0.01;
      const query = new URLSearchParams({ ...(name === undefined ? {} : { name }), ...(isAborted ? { aborted: "" } : {}) });
      const signal = isAborted ? AbortSignal.timeout(1 + Math.floor(random() * 20)) : undefined;
      const status = await service?.send(query, name, signal).catch(() => undefined);
      if (status !== 200 && !isAborted) failed += 1;
    }
  };
  await runInVirtualCluster(undefined, () => Promise.all(Array.from({ length: AT_A_TIME }, sendOneAfterAnother)));
  return failed;
}

/** What an aborted inbound request has begun goes on; some are aborted before the service has seen them. */
async function settle(): Promise<void> {
  const end = performance.now() + TARDY_MS;
  while (operations.underWay > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
}

const start = performance.now();
const failedRequests = await sendAll();
await settle();
const seconds = (performance.now() - start) / 1000;
const { done } = operations;
reportResult({
  operations: done.length,
  ways: operations.ways.length,
  seconds,
  resets: downstream.resets(),
  failedRequests,
  failed: done.filter(({ outcome }) => outcome === "failed").length,
  careless: done.filter(({ kind }) => kind === "careless").length,
  ...judgeOperations(done, downstream.hops),
  stats: stats(),
} satisfies Findings);
