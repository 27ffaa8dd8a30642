import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { currentVirtualCluster, register, stats } from "@puggle/propagation";
import { virtualCluster } from "@puggle/propagation/hono";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { namedInFlight } from "./matrix/ways-in/expectations.ts";
import { HEADER } from "./requests.ts";

const names = ["vc-1", undefined, "vc-2", undefined];

beforeAll(() => {
  register({ inbound: false });
});

function headersOf(name: string | undefined): Record<string, string> {
  return name === undefined ? {} : { [HEADER]: name };
}

describe("the middleware of Hono, with no server of Node's in front", () => {
  const app = new Hono()
    .use(virtualCluster())
    .get("/", async (context) => {
      await sleep(Math.random() * 3);
      return context.text(`${currentVirtualCluster()} ${namedInFlight()}`);
    })
    .get("/fail", async () => {
      await sleep(1);
      throw new Error("meant to fail");
    })
    .onError((_error, context) => context.text(`error of ${currentVirtualCluster()}`, 500));

  test("takes the name from the headers that Hono has, counts the request as in flight, and lets it go", async () => {
    expect(await (await app.request("/", { headers: headersOf("vc-1") })).text()).toBe("vc-1 1");
    expect(namedInFlight()).toBe(0);
  });

  test("tells requests apart", async () => {
    const answers = await Promise.all(names.map(async (name) => (await app.request("/", { headers: headersOf(name) })).text()));
    expect(answers.map((answer) => answer.split(" ")[0])).toEqual(names.map(String));
  });

  test("takes the name from baggage where the header is absent, and drops what is no name", async () => {
    const { dropped } = stats();
    const baggage = await app.request("/", { headers: { baggage: "a=1,virtual-cluster-name=vc-3" } });
    const invalid = await app.request("/", { headers: headersOf("NOT A NAME") });
    expect([await baggage.text(), await invalid.text()]).toEqual(["vc-3 1", "undefined 0"]);
    expect(stats().dropped.header["not-a-dns-label"]).toBe(dropped.header["not-a-dns-label"] + 1);
  });

  test("holds in the error handler, and leaves nothing in flight", async () => {
    expect(await (await app.request("/fail", { headers: headersOf("vc-1") })).text()).toBe("error of vc-1");
    expect(namedInFlight()).toBe(0);
  });
});

describe("the middleware of Hono on @hono/node-server", () => {
  let origin: string;
  let server: ReturnType<typeof serve>;
  const seen: Record<string, string | undefined> = {};
  const app = new Hono()
    .use(virtualCluster())
    .get("/sse", (context) =>
      streamSSE(context, async (stream) => {
        for (const _ of [1, 2]) {
          await stream.sleep(1);
          await stream.writeSSE({ data: String(currentVirtualCluster()) });
        }
      }),
    )
    .get("/pulled", () => {
      let pulls = 0;
      const pull = async (controller: ReadableStreamDefaultController) => {
        pulls += 1;
        await sleep(1);
        controller.enqueue(new TextEncoder().encode(`${currentVirtualCluster()} `));
        if (pulls === 3) controller.close();
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    })
    .get("/abort", async (context) => {
      await new Promise((resolve) => context.req.raw.signal.addEventListener("abort", resolve));
      seen.abort = currentVirtualCluster();
      return context.text("too late");
    });

  beforeEach(async () => {
    origin = await new Promise((resolve) => {
      server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(`http://127.0.0.1:${port}`));
    });
  });

  afterEach(async () => {
    register({ inbound: false });
    const closed = new Promise((resolve) => server.close(resolve));
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
  });

  test("holds in the callbacks of Hono's own streams", async () => {
    const answers = await Promise.all(names.map(async (name) => (await fetch(`${origin}/sse`, { headers: headersOf(name) })).text()));
    expect(answers).toEqual(names.map((name) => `data: ${name}\n\n`.repeat(2)));
  });

  test("does not hold in a stream of one's own that is pulled, for which there is the server hook", async () => {
    const pulled = async () => (await (await fetch(`${origin}/pulled`, { headers: headersOf("vc-1") })).text()).trim().split(" ").slice(1);
    expect(await pulled()).toEqual(["undefined", "undefined"]);
    register({ inbound: true });
    expect(await pulled()).toEqual(["vc-1", "vc-1"]);
  });

  test("holds where the client goes away", async () => {
    const abort = new AbortController();
    const answer = fetch(`${origin}/abort`, { headers: headersOf("vc-1"), signal: abort.signal });
    await expect.poll(namedInFlight).toBe(1);
    abort.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => seen.abort).toBe("vc-1");
    await expect.poll(namedInFlight).toBe(0);
  });
});
