import type http from "node:http";
import { Agent as HttpAgent } from "node:http";
import { register, runInVirtualCluster, stats } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen } from "./loopback.ts";
import { type Echo, echo, sendByNode, sendCounted } from "./outbound-clients.ts";

type Undici = typeof undici8;
type Next = (options: object, handler: object) => boolean;

const copies: [string, Undici][] = [
  ["undici 6", undici6 as unknown as Undici],
  ["undici 7", undici7 as unknown as Undici],
  ["undici 8", undici8],
];

let server: Loopback;

beforeAll(async () => {
  server = await listen(echo, "127.0.0.1");
});

afterAll(() => server.close());

beforeEach(() => {
  register({ inbound: false });
});

/** Resolves every name to this machine, as a public name's DNS would to a public address. */
function lookup(_name: string, options: { readonly all?: boolean }, callback: (error: null, found: never, family?: number) => void): void {
  if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }] as never);
  else callback(null, "127.0.0.1" as never, 4);
}

describe.each(copies)("a client of %s that connects to a host which is no target", (_, undici) => {
  const publicOrigin = () => `http://pub.example.test:${server.port}`;
  const connect = { lookup } as never;
  const elsewhere = () => encodeURIComponent("http://localhost/stolen");

  const ways: [string, () => Promise<Echo>][] = [
    [
      "follows a redirect that names one",
      async () => {
        const pool = new undici.Pool(publicOrigin(), { connect });
        const dispatcher = pool.compose(undici.interceptors.redirect({ maxRedirections: 2 }));
        return await finish(pool, dispatcher.request({ path: `/?to=${elsewhere()}`, method: "GET" }));
      },
    ],
    [
      "is asked for the origin of one",
      async () => {
        const client = new undici.Client(publicOrigin(), { connect });
        return await finish(client, client.request({ origin: "http://orders", path: "/", method: "GET" } as never));
      },
    ],
  ];

  async function finish(client: { close(): Promise<void> }, answer: Promise<{ body: { json(): Promise<unknown> } }>): Promise<Echo> {
    const { body } = await answer;
    const seen = (await body.json()) as Echo;
    await client.close();
    return seen;
  }

  test.each(ways)("%s, and sends no name", async (_way, send) => {
    const { seen, counted } = await sendCounted(send);
    expect(seen.names).toEqual([]);
    expect(counted.sent).toBeUndefined();
  });
});

/** Holds what is dispatched and lets it go all at once, from the context of whoever came first: as a rate limiter does. */
class Gate {
  #held: (() => void)[] = [];

  hold(go: () => void): boolean {
    this.#held.push(go);
    if (this.#held.length === 1) setTimeout(() => this.#held.splice(0).forEach((each) => void each()), 20);
    return true;
  }
}

describe.each(copies)("requests that %s holds back in", (_, undici) => {
  const agent = new undici.Agent();
  afterAll(() => agent.close());

  function dispatchersOf(gate: Gate): Record<string, { readonly dispatcher: undici8.Dispatcher; readonly named: boolean }> {
    const inner = agent as unknown as { dispatch: Next };
    const composed = (interceptor: (next: Next) => Next) => agent.compose(interceptor as never);
    class QueueingDispatcher extends undici.Dispatcher {
      override dispatch(options: never, handler: never): boolean {
        return gate.hold(() => inner.dispatch(options, handler));
      }
    }
    class QueueingAgent extends undici.Agent {
      override dispatch(options: never, handler: never): boolean {
        return gate.hold(() => super.dispatch(options, handler));
      }
    }
    const onlyOptions = (options: object) => {
      const { origin, path, method, headers } = options as Record<string, unknown>;
      return { origin, path, method, headers };
    };
    return {
      "an interceptor": { dispatcher: composed((next) => (options, handler) => gate.hold(() => next(options, handler))), named: true },
      "an interceptor that makes options of its own": {
        dispatcher: composed((next) => (options, handler) => gate.hold(() => next(onlyOptions(options), handler))),
        named: true,
      },
      "an interceptor that makes options and a handler of its own": {
        dispatcher: composed(
          (next) => (options, handler) => gate.hold(() => next(onlyOptions(options), new undici.DecoratorHandler(handler as never))),
        ),
        named: false,
      },
      "a dispatcher": { dispatcher: new QueueingDispatcher(), named: true },
      "an agent": { dispatcher: new QueueingAgent(), named: true },
    };
  }

  test.each(Object.keys(dispatchersOf(new Gate())))("%s go out with their own name, or with none", async (way) => {
    const gate = new Gate();
    const { dispatcher, named } = dispatchersOf(gate)[way] ?? { dispatcher: agent, named: true };
    const before = stats().withheld["uncertain-origin"];
    const send = async () => ((await (await undici.request(server.origin, { dispatcher: dispatcher as never })).body.json()) as Echo).names;
    const names = ["x", "y", undefined];
    const seen = await Promise.all(names.map((name) => runInVirtualCluster(name, send)));
    expect(seen).toEqual(names.map((name) => (named && name !== undefined ? [name] : [])));
    expect(stats().withheld["uncertain-origin"] - before).toBe(named ? 0 : names.length);
  });

  test("takes options that inherit their fields", async () => {
    const client = new undici.Client(server.origin);
    const options = Object.create({ path: "/", method: "GET" });
    const { seen } = await sendCounted(async () => (await (await client.request(options)).body.json()) as Echo);
    await client.close();
    expect(seen.names).toEqual(["vc-1"]);
  });
});

test("an agent of node:http that connects to a host of its own is judged by that host", async () => {
  const agent = new HttpAgent({ host: "pub.example.test", lookup } as http.AgentOptions);
  const { seen, counted } = await sendCounted(() => sendByNode({ host: "localhost", port: server.port, agent }));
  agent.destroy();
  expect(seen.names).toEqual([]);
  expect(counted).toEqual({ "not-a-target": 1 });
});
