import { setTimeout as sleep } from "node:timers/promises";
import { register, runInVirtualCluster, stats, unregister } from "@puggle/propagation";
import { Agent, request } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Loopback, listen, valuesOnTheWire } from "./loopback.ts";
import { getJson, HEADER } from "./requests.ts";

/** Jobs that a pool in user land runs from wherever it likes: it does not keep the async context. */
const jobs: (() => void)[] = [];
let pool: ReturnType<typeof setInterval>;

let downstream: Loopback;
let service: Loopback;
let warn: ReturnType<typeof vi.spyOn>;
const dispatcher = new Agent();

async function sendByUndici(): Promise<unknown> {
  return (await request(downstream.origin, { dispatcher })).body.json();
}

async function sendByFetch(): Promise<unknown> {
  return (await fetch(downstream.origin)).json();
}

const sendByNode = async () => (await getJson(downstream.origin)).json;

beforeAll(async () => {
  pool = setInterval(() => jobs.shift()?.(), 1);
  downstream = await listen((incoming, response) => response.end(JSON.stringify(valuesOnTheWire(incoming, HEADER))));
  service = await listen(async (incoming, response) => {
    const send = incoming.url === "/undici" ? sendByUndici : incoming.url === "/fetch" ? sendByFetch : sendByNode;
    const sent = await new Promise<unknown>((resolve) => jobs.push(() => resolve(send())));
    response.end(JSON.stringify(sent));
  });
});

afterAll(async () => {
  clearInterval(pool);
  await dispatcher.close();
  await service.close();
  await downstream.close();
});

beforeEach(() => {
  register({ pollers: [], reportLost: true });
  warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  unregister();
});

async function countLost(work: () => Promise<unknown>): Promise<number> {
  const before = stats().lost;
  await work();
  return stats().lost - before;
}

const named = (path: string) => getJson(service.origin + path, { [HEADER]: "vc-1" });

describe("a call that has lost its request's scope while a request with a name is in flight", () => {
  test.each(["/undici", "/fetch", "/node"])("is counted, and carries no name (%s)", async (path) => {
    expect(await countLost(async () => expect((await named(path)).json).toEqual([]))).toBe(1);
  });

  test("is reported with the stack of who made it, once a minute", async () => {
    // The ones before may have been reported already: a minute later, the next one is.
    const later = performance.now() + 61_000;
    vi.spyOn(performance, "now").mockReturnValue(later);
    await named("/undici");
    await named("/node");
    expect(warn).toHaveBeenCalledTimes(1);
    const [message, options] = warn.mock.calls[0] as unknown as [string, { code: string; detail: string }];
    expect(message).toContain(downstream.origin);
    expect(message).toContain("PUGGLE_POLLERS");
    expect(options.code).toBe("PUGGLE_LOST");
    expect(options.detail).toContain("lost.test.ts");
    expect(options.detail).toContain("sendByUndici");
    expect(options.detail.split("\n")[0]).not.toContain("puggle");
  });

  test("is reported with the service's own code in the stack, also where fetch was called", async () => {
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 183_000);
    await named("/fetch");
    const [, options] = warn.mock.calls[0] as unknown as [string, { detail: string }];
    expect(options.detail).toContain("sendByFetch");
    expect(options.detail.split("\n")[0]).not.toContain("(node:");
  });

  test("is only counted where no report is wanted", async () => {
    register({ reportLost: false });
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 244_000);
    expect(await countLost(() => named("/undici"))).toBe(1);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe("no call is lost", () => {
  test("while only requests without a name are in flight", async () => {
    expect(await countLost(() => getJson(`${service.origin}/undici`))).toBe(0);
  });

  test("that keeps its scope", async () => {
    expect(await countLost(() => runInVirtualCluster("vc-1", sendByUndici))).toBe(0);
    expect(await countLost(() => runInVirtualCluster("vc-1", sendByNode))).toBe(0);
  });

  test("once the requests with a name have been answered or given up", async () => {
    await named("/undici");
    const abort = new AbortController();
    const hanging = await listen(() => abort.abort());
    await fetch(hanging.origin, { headers: { [HEADER]: "vc-1" }, signal: abort.signal }).catch(() => undefined);
    await sleep(20);
    expect(await countLost(sendByUndici)).toBe(0);
    await hanging.close();
  });

  test("to which its caller gave a name", async () => {
    const slow = await listen(async (_, response) => {
      await sleep(150);
      response.end("{}");
    });
    const answered = getJson(slow.origin, { [HEADER]: "vc-1" });
    await sleep(30);
    const headers = { [HEADER]: "mine" };
    expect(await countLost(async () => (await request(downstream.origin, { dispatcher, headers })).body.dump())).toBe(0);
    expect(await countLost(() => getJson(downstream.origin, headers))).toBe(0);
    await answered;
    await slow.close();
  });

  test("that goes to no target", async () => {
    register({ targets: ["orders"] });
    expect(await countLost(() => named("/undici"))).toBe(0);
    register({ targets: ["<default>"] });
  });

  test.each([
    ["its host is a poller's", ["127.0.0.1"]],
    ["its stack is a poller's", ["stack:lost.test.ts"]],
  ])("where %s", async (_, pollers) => {
    register({ pollers });
    expect(await countLost(() => named("/undici"))).toBe(0);
    expect(await countLost(() => named("/fetch"))).toBe(0);
    expect(await countLost(() => named("/node"))).toBe(0);
  });

  test("that was run in no virtual cluster on purpose, while a request with a name is in flight", async () => {
    const slow = await listen(async (_, response) => {
      await sleep(100);
      response.end("{}");
    });
    const answered = getJson(slow.origin, { [HEADER]: "vc-1" });
    await sleep(30);
    expect(await countLost(() => runInVirtualCluster(undefined, sendByUndici))).toBe(0);
    expect(await countLost(sendByUndici)).toBe(1);
    await answered;
    await slow.close();
  });
});
