import { setTimeout as sleep } from "node:timers/promises";
import { register, runInVirtualCluster, stats } from "@puggle/propagation";
import * as undici6 from "undici6";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen } from "./loopback.ts";
import { type Echo, echo, sendCounted } from "./outbound-clients.ts";

let server: Loopback;

beforeAll(async () => {
  server = await listen(async (request, response) => {
    await sleep(Math.random() * 3);
    echo(request, response);
  });
});

afterAll(() => server.close());

beforeEach(() => {
  register({ targets: ["127.0.0.1"], inbound: false });
});

/** An interceptor of the old kind, that sends everything twice and gives the second answer, when that comes. */
const twice = (dispatch: undici6.Dispatcher["dispatch"]) => (options: undici6.Dispatcher.DispatchOptions, handler: never) =>
  dispatch(options, {
    onConnect() {},
    onHeaders: () => true,
    onData: () => true,
    onComplete: () => void dispatch(options, handler),
    onError() {},
  } as never);

const clients: [string, (origin: string) => undici6.Client, number][] = [
  ["maxRedirections", (origin) => new undici6.Client(origin, { maxRedirections: 3 }), 2],
  ["interceptors", (origin) => new undici6.Client(origin, { interceptors: { Client: [twice as never] } }), 2],
];

describe.each(clients)("a bare client of undici 6 with %s of its own", (way, open, requests) => {
  const send = async (client: undici6.Client) => {
    const path = way === "maxRedirections" ? `/?to=${server.origin}/end` : "/end";
    return (await (await client.request({ path, method: "GET" })).body.json()) as Echo;
  };

  test("sends the name with what it dispatches by itself", async () => {
    const client = open(server.origin);
    const { seen, counted } = await sendCounted(() => send(client));
    expect(seen).toMatchObject({ names: ["vc-1"], url: "/end" });
    expect(counted).toEqual({ sent: requests });
    await client.close();
  });

  test("never sends another request's", async () => {
    const one = open(server.origin);
    const two = open(server.origin);
    const before = stats();
    const names = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? undefined : `vc-${index}`));
    const seen = await Promise.all(names.map((name, index) => runInVirtualCluster(name, () => send(index % 2 === 0 ? one : two))));
    expect(seen.map((each) => each.names)).toEqual(names.map((name) => (name === undefined ? [] : [name])));
    expect(stats()).toEqual({ ...before, sent: before.sent + 40 * requests });
    await Promise.all([one.close(), two.close()]);
  });
});

test("a bare client of undici 6 that is redirected to a name that is no target sends none", async () => {
  const client = new undici6.Client(server.origin, { maxRedirections: 3 });
  const path = `/?to=${encodeURIComponent(`http://localhost:${server.port}/end`)}`;
  const { seen, counted } = await sendCounted(async () => (await (await client.request({ path, method: "GET" })).body.json()) as Echo);
  expect(seen).toMatchObject({ names: [], url: "/end" });
  expect(counted).toEqual({ sent: 1, "not-a-target": 1 });
  await client.close();
});
