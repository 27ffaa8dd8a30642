import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register, runInVirtualCluster, stats, unregister } from "@puggle/propagation";
import { Client } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Loopback, listen, valuesOnTheWire } from "./loopback.ts";
import { getJson, HEADER } from "./requests.ts";

/** A member's pod: its requests come from anywhere, and its crons from nobody. */
let service: Loopback;
let downstream: Loopback;

const callDownstream = () => getJson<string[]>(downstream.origin).then(({ json }) => json);

/** The caller is in this very process, which belongs to pr-42: what it sends as somebody else it sends in no virtual cluster. */
const asStranger = <T>(work: () => T): T => runInVirtualCluster(undefined, work);

beforeAll(async () => {
  downstream = await listen((incoming, response) => response.end(JSON.stringify(valuesOnTheWire(incoming, HEADER))));
  service = await listen(async (_, response) => {
    const atOnce = currentVirtualCluster();
    await sleep(1);
    response.end(JSON.stringify({ atOnce, later: currentVirtualCluster(), sent: await callDownstream() }));
  });
});

afterAll(async () => {
  await service.close();
  await downstream.close();
});

beforeEach(() => {
  register({ virtualCluster: "pr-42" });
});

afterEach(() => unregister());

test("what no request started, such as a cron, belongs to it", async () => {
  expect(currentVirtualCluster()).toBe("pr-42");
  expect(await callDownstream()).toEqual(["pr-42"]);
  expect(await (await fetch(downstream.origin)).json()).toEqual(["pr-42"]);
});

test.each([
  ["without a name belongs to it, and is counted", {}, "pr-42", 1],
  ["with a name belongs to that one", { [HEADER]: "vc-1" }, "vc-1", 0],
  ["with a name in its baggage belongs to that one", { baggage: `${HEADER}=vc-2` }, "vc-2", 0],
  [
    "with a name that is none belongs to it: the mesh would stamp what goes out of its pod all the same",
    { [HEADER]: "No Name" },
    "pr-42",
    1,
  ],
])("a request %s", async (_, headers, name, counted) => {
  const before = stats().received.environment;
  const { json } = await asStranger(() => getJson(service.origin, headers as Record<string, string>));
  expect(json).toEqual({ atOnce: name, later: name, sent: [name] });
  expect(stats().received.environment - before).toBe(counted);
});

test("a request without a name after one with a name, on the same connection, belongs to it", async () => {
  const client = new Client(service.origin);
  const found = await asStranger(async () => {
    const names: unknown[] = [];
    for (const headers of [{ [HEADER]: "vc-1" }, {}, { [HEADER]: "vc-2" }]) {
      const { body } = await client.request({ path: "/", method: "GET", headers });
      names.push(((await body.json()) as { sent: string[] }).sent[0]);
    }
    return names;
  });
  await client.close();
  expect(found).toEqual(["vc-1", "pr-42", "vc-2"]);
});

test("what is run in no virtual cluster stays in none", async () => {
  expect(await runInVirtualCluster(undefined, async () => [currentVirtualCluster(), await callDownstream()])).toEqual([undefined, []]);
});

test("third parties do not get it", async () => {
  register({ targets: ["orders"] });
  expect(await callDownstream()).toEqual([]);
  register({ targets: ["<default>"] });
});

test("a call of its own is not lost, though a request with a name is in flight", async () => {
  const before = stats().lost;
  let fromOutside: Promise<string[]> | undefined;
  const slow = await listen(async (_, response) => {
    await fromOutside;
    response.end("{}");
  });
  const answered = new Promise((resolve) => request(slow.origin, { headers: { [HEADER]: "vc-1" } }, resolve).end());
  await sleep(20);
  fromOutside = callDownstream();
  expect(await fromOutside).toEqual(["pr-42"]);
  await answered;
  await slow.close();
  expect(stats().lost).toBe(before);
});
