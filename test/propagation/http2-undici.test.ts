import http2 from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register, runInVirtualCluster, stats } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Http2Echo, type Http2Loopback, listenHttp2 } from "./http2-loopback.ts";
import { HEADER } from "./requests.ts";
import { chooseSeed, seededRandom } from "./seeded-random.ts";
import { selfSigned } from "./self-signed.ts";

const seed = chooseSeed();
const random = seededRandom(seed);
const pause = () => (random() < 0.5 ? Promise.resolve() : sleep(Math.floor(random() * 4)));

let target: Http2Loopback;
let sessions = 0;

beforeAll(async () => {
  console.log(`seed ${seed} (PUGGLE_SEED=${seed} repeats the run)`);
  register({ targets: ["127.0.0.1"], inbound: false });
  const server = http2.createSecureServer({ ...selfSigned, settings: { maxConcurrentStreams: 20 } });
  server.on("session", () => {
    sessions += 1;
  });
  server.on("stream", async (stream, _headers, _flags, ...rest) => {
    const [raw = []] = rest as unknown[] as string[][];
    stream.on("error", () => {});
    stream.resume();
    await pause();
    const names = raw.filter((_, index) => raw[index - 1] === HEADER && index % 2 === 1);
    stream.respond({ ":status": 200 });
    stream.end(JSON.stringify({ names, baggage: [], headers: {} } satisfies Http2Echo));
  });
  target = await listenHttp2(server);
});

afterAll(() => target.close());

interface Ways {
  readonly request: (origin: string, body: string | undefined, headers: Record<string, string>) => Promise<Http2Echo>;
  readonly fetch: (origin: string, body: string | undefined, headers: Record<string, string>) => Promise<Http2Echo>;
  close(): Promise<void>;
}

const connect = { ca: selfSigned.cert };
const method = (body: string | undefined) => (body === undefined ? "GET" : "POST");

function waysOf(undici: typeof undici7, dispatcher: undici7.Dispatcher): Ways {
  return {
    request: async (origin, body, headers) => {
      const answer = await undici.request(origin, { dispatcher, method: method(body), body: body ?? null, headers });
      return (await answer.body.json()) as Http2Echo;
    },
    fetch: async (origin, body, headers) => {
      const answer = await undici.fetch(origin, { dispatcher, method: method(body), body: body ?? null, headers });
      return (await answer.json()) as Http2Echo;
    },
    close: () => dispatcher.close(),
  };
}

const options = { allowH2: true, connections: 1, pipelining: 20, connect } as const;
const copies: Readonly<Record<string, () => Ways>> = {
  // More than one stream at a time breaks undici 6 itself, with and without this library.
  "undici 6": () => waysOf(undici6 as never, new undici6.Agent({ ...options, pipelining: 1 }) as never),
  "undici 7": () => waysOf(undici7, new undici7.Agent(options)),
  "undici 8": () => waysOf(undici8 as never, new undici8.Agent(options) as never),
};

describe.each(Object.entries(copies))("%s over HTTP/2", (copy, create) => {
  test("sends of 400 interleaved requests over one connection each with its own name or none, and counts it once", async () => {
    const ways = create();
    const before = stats();
    const opened = sessions;
    const wrong: string[] = [];
    let named = 0;
    await Promise.all(
      Array.from({ length: 400 }, (_, index) => {
        const name = random() < 0.4 ? undefined : `vc-${index}`;
        if (name !== undefined) named += 1;
        return runInVirtualCluster(name, async () => {
          await pause();
          const send = random() < 0.5 ? ways.request : ways.fetch;
          const { names } = await send(target.origin, random() < 0.5 ? undefined : "a body", {});
          if (names.join() !== (name ?? "") || currentVirtualCluster() !== name) wrong.push(`${names} for ${name}`);
        });
      }),
    );
    expect(wrong).toEqual([]);
    const after = stats();
    expect({ sent: after.sent - before.sent, withheld: after.withheld, failures: after.failures }).toEqual({
      sent: named,
      withheld: before.withheld,
      failures: before.failures,
    });
    expect({ copy, sessions: sessions - opened }).toEqual({ copy, sessions: 1 });
    await ways.close();
  });

  test("leaves the caller's own header as it is, and counts it once", async () => {
    const ways = create();
    const before = stats().withheld["caller-set"];
    const { names } = await runInVirtualCluster("vc-1", () => ways.request(target.origin, undefined, { "Virtual-Cluster-Name": "mine" }));
    expect(names).toEqual(["mine"]);
    expect(stats().withheld["caller-set"]).toBe(before + 1);
    await ways.close();
  });
});
