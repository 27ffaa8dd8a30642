import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, stats } from "@puggle/propagation";
import express from "express";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Loopback, listen, valuesOnTheWire } from "./loopback.ts";
import { outboundWays } from "./outbound-ways.ts";
import { chooseSeed, seededRandom } from "./seeded-random.ts";

const REQUESTS = 10_000;
const AT_A_TIME = 250;

interface Answer {
  readonly before: string | null;
  readonly after: string | null;
  readonly seen: string[];
}

const seed = chooseSeed();
const random = seededRandom(seed);
const pause = () => (random() < 0.5 ? Promise.resolve() : sleep(Math.floor(random() * 4)));

let downstream: Loopback;
let service: Loopback;

beforeAll(async () => {
  console.log(`seed ${seed} (PUGGLE_SEED=${seed} repeats the run)`);
  downstream = await listen(async (request, response) => {
    request.resume();
    const seen = valuesOnTheWire(request, "virtual-cluster-name");
    await pause();
    if (request.url === "/redirect") response.writeHead(302, { location: "/echo" }).end();
    else if (request.url === "/flaky" && random() < 0.3) response.writeHead(503).end();
    else response.end(JSON.stringify(seen));
  });

  const app = express();
  app.get("/:way", async (request, response) => {
    await pause();
    const way = outboundWays[request.params.way];
    if (way === undefined) throw new Error(`no such way: ${request.params.way}`);
    const before = currentVirtualCluster() ?? null;
    const text = await way(downstream.origin);
    const after = currentVirtualCluster() ?? null;
    await pause();
    response.json({ before, after, seen: JSON.parse(text) } satisfies Answer);
  });
  service = await listen(app);
});

afterAll(async () => {
  await service.close();
  await downstream.close();
});

test(`of ${REQUESTS} interleaved requests, each with its own name or none, not one comes out with another's`, {
  timeout: 180_000,
}, async () => {
  const names = Object.keys(outboundWays);
  const client = new Agent({ connections: AT_A_TIME });
  const wrong: string[] = [];
  let next = 0;

  async function sendOneAfterAnother(): Promise<void> {
    for (let index = next++; index < REQUESTS; index = next++) {
      const way = names[index % names.length] ?? "";
      const name = random() < 0.3 ? undefined : `vc-${index}`;
      const headers = name === undefined ? {} : { "virtual-cluster-name": name };
      const { body, statusCode } = await request(`${service.origin}/${encodeURIComponent(way)}`, { headers, dispatcher: client });
      const text = await body.text();
      const wanted: Answer = { before: name ?? null, after: name ?? null, seen: name === undefined ? [] : [name] };
      if (statusCode !== 200 || text !== JSON.stringify(wanted))
        wrong.push(`${way}: ${statusCode} ${text.slice(0, 200)} for ${name ?? "none"}`);
    }
  }

  await Promise.all(Array.from({ length: AT_A_TIME }, sendOneAfterAnother));
  await client.close();

  const waysWithFaults = [...new Set(wrong.map((line) => line.slice(0, line.indexOf(":"))))];
  expect({ faults: wrong.length, waysWithFaults, first: wrong.slice(0, 3) }).toEqual({ faults: 0, waysWithFaults: [], first: [] });
  expect(stats().failures).toBe(0);
  expect(stats().withheld["uncertain-origin"]).toBe(0);
});
