import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register, runInVirtualCluster, unregister } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

/** The events of a body come from a socket that is in no virtual cluster, whoever the body is for. */
let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer(async (_request, response) => {
    response.write("first ");
    await sleep(2);
    response.end("last");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  unregister();
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  register({ targets: ["127.0.0.1"], inbound: false });
});

type Undici = typeof undici8;
type Body = undici8.Dispatcher.ResponseData["body"];
const copies: [string, Undici][] = [
  ["undici 6", undici6 as unknown as Undici],
  ["undici 7", undici7 as unknown as Undici],
  ["undici 8", undici8],
];

/** What may be done with a body; notes the virtual cluster that each listener was called in. */
type Use = (body: Body, note: () => void) => Promise<unknown>;

const closed = (body: Readable) => new Promise((resolve) => body.on("close", resolve));

const uses: [string, Use][] = [
  ["listens to its data", (body, note) => closed(body.on("data", note).on("end", note))],
  ["listens once", (body, note) => closed(body.once("data", note).once("end", note).resume())],
  ["adds a listener", (body, note) => closed(body.addListener("data", note))],
  ["listens before others", (body, note) => closed(body.prependListener("end", note).prependOnceListener("close", note).resume())],
  [
    "reads when it can",
    (body, note) => {
      body.on("readable", () => {
        note();
        body.read();
      });
      return closed(body);
    },
  ],
  [
    "pipes it on",
    (body, note) => {
      const watch = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          note();
          yield chunk;
        }
      };
      return pipeline(body, watch, (chunks) => text(chunks));
    },
  ],
  [
    "iterates over it",
    async (body, note) => {
      for await (const _chunk of body) note();
    },
  ],
  [
    "takes its text, and listens first",
    (body, note) => {
      body.on("end", note);
      return body.text();
    },
  ],
  ["takes its text, and listens at once", (body, note) => Promise.all([body.text(), closed(body.on("end", note).on("close", note))])],
  [
    "takes its text, and listens while it is read",
    async (body, note) => {
      const taken = body.text();
      await Promise.resolve();
      await Promise.all([taken, closed(body.on("end", note).on("close", note).on("error", note))]);
    },
  ],
  ["takes its text, and is told that it ended", (body, note) => Promise.all([body.text(), once(body, "close").then(note)])],
  [
    "dumps it",
    (body, note) => {
      body.once("close", note);
      return body.dump();
    },
  ],
  [
    "destroys it",
    async (body, note) => {
      body.on("error", note).on("close", note).destroy(new Error("on purpose"));
      await sleep(5);
    },
  ],
];

describe.each(copies)("%s, one connection for all: who", (_version, { Client }) => {
  test.each(uses)("%s is called in the virtual cluster of the request", async (_what, use) => {
    const client = new Client(origin);
    const names = ["vc-1", undefined, "vc-2", "vc-3", undefined, "vc-1"];
    const noted = await Promise.all(
      names.map((name) =>
        runInVirtualCluster(name, async () => {
          const seen: (string | undefined)[] = [];
          const { body } = await client.request({ path: "/", method: "GET" });
          await use(body, () => seen.push(currentVirtualCluster()));
          return seen;
        }),
      ),
    );
    await client.destroy();
    expect(noted.map((seen) => [...new Set(seen)])).toEqual(names.map((name) => [name]));
  });

  test("listens within the callback of its request is called in the virtual cluster of the request", async () => {
    const client = new Client(origin);
    const calls = ["vc-1", undefined, "vc-2"].map((name) =>
      runInVirtualCluster(
        name,
        () =>
          new Promise((resolve, reject) => {
            client.request({ path: "/", method: "GET", signal: AbortSignal.timeout(10_000) }, (error, data) => {
              if (error) return reject(error);
              const seen = new Set<string | undefined>();
              const note = () => seen.add(currentVirtualCluster());
              data?.body
                .on("data", note)
                .on("end", note)
                .on("close", () => resolve([...seen.add(currentVirtualCluster())]));
            });
          }),
      ),
    );
    expect(await Promise.all(calls)).toEqual([["vc-1"], [undefined], ["vc-2"]]);
    await client.destroy();
  });

  test("stops listening is not called any more", async () => {
    const client = new Client(origin);
    await runInVirtualCluster("vc-1", async () => {
      const { body } = await client.request({ path: "/", method: "GET" });
      let calls = 0;
      const count = () => {
        calls += 1;
      };
      body.on("data", count).once("end", count).removeListener("data", count).off("end", count);
      expect(body.listeners("end")).not.toContain(count);
      await closed(body.resume());
      expect(calls).toBe(0);
    });
    await client.destroy();
  });
});

test("a body that is only consumed keeps the plain emit of its class", async () => {
  const client = new undici8.Client(origin);
  await runInVirtualCluster("vc-1", async () => {
    const { body } = await client.request({ path: "/", method: "GET" });
    expect(await body.text()).toBe("first last");
    expect(Object.hasOwn(body, "emit")).toBe(false);
    const { body: heard } = await client.request({ path: "/", method: "GET" });
    heard.on("end", () => {});
    await heard.text();
    expect(Object.hasOwn(heard, "emit")).toBe(true);
  });
  await client.destroy();
});
