import { setTimeout as sleep } from "node:timers/promises";
import { register, runInVirtualCluster } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen, valuesOnTheWire } from "./loopback.ts";
import { HEADER } from "./requests.ts";

type Undici = typeof undici8;

// The interceptors are what `register()` finds: the copies above are loaded already, as in a service that registers late.
register();

const copies: [string, Undici][] = [
  ["undici 7", undici7 as unknown as Undici],
  ["undici 8", undici8],
];

let server: Loopback;
let stranger: Loopback;
let answered = 0;

beforeAll(async () => {
  const listener: Parameters<typeof listen>[0] = async (request, response) => {
    answered += 1;
    await sleep(10);
    response.setHeader("cache-control", "public, max-age=60");
    response.end(JSON.stringify(valuesOnTheWire(request, HEADER)));
  };
  server = await listen(listener, "127.0.0.1");
  stranger = await listen(listener, "127.0.0.2");
});

afterAll(async () => {
  await server.close();
  await stranger.close();
});

beforeEach(() => {
  register({ targets: ["127.0.0.1"], inbound: false });
  answered = 0;
});

describe.each(copies)("%s", (_, undici) => {
  const names = ["vc-1", undefined, "vc-2", "vc-1", undefined];
  const kinds: [string, () => undici8.Dispatcher.DispatcherComposeInterceptor, (origin: string) => undici8.Dispatcher][] = [
    ["cache", () => undici.interceptors.cache(), () => new undici.Agent()],
    ["deduplicate", () => undici.interceptors.deduplicate(), () => new undici.Agent()],
    ["cache of a pool", () => undici.interceptors.cache(), (origin) => new undici.Pool(origin)],
  ];

  async function sendAll(kind: string, dispatcher: undici8.Dispatcher, origin: string): Promise<unknown[]> {
    const send = (name: string | undefined) =>
      runInVirtualCluster(name, async () => (await dispatcher.request({ origin, path: "/", method: "GET" })).body.json());
    if (kind === "deduplicate") return Promise.all(names.map(send));
    const seen: unknown[] = [];
    for (const name of names) seen.push(await send(name));
    return seen;
  }

  test.each(kinds)("%s gives no answer of one virtual cluster to another, nor to the baseline", async (kind, create, open) => {
    const base = open(server.origin);
    const seen = await sendAll(kind, base.compose(create()), server.origin);
    expect(seen).toEqual([["vc-1"], [], ["vc-2"], ["vc-1"], []]);
    expect(answered, "requests of no virtual cluster share theirs").toBe(4);
    await base.close();
  });

  test.each(kinds)("%s still shares the answers of hosts that get no name", async (kind, create, open) => {
    const base = open(stranger.origin);
    expect(await sendAll(kind, base.compose(create()), stranger.origin)).toEqual([[], [], [], [], []]);
    expect(answered).toBe(1);
    await base.close();
  });
});
