import { PassThrough } from "node:stream";
import { register, runInVirtualCluster, stats } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen } from "./loopback.ts";
import { type Echo, echo, sendCounted } from "./outbound-clients.ts";
import { HEADER } from "./requests.ts";

type Undici = typeof undici8;

const newer: [string, Undici][] = [
  ["undici 7", undici7 as unknown as Undici],
  ["undici 8", undici8],
];
const copies: [string, Undici][] = [["undici 6", undici6 as unknown as Undici], ...newer];

const TARGET = "http://orders.svc";
const STRANGER = "http://api.example.com";

let server: Loopback;
let stranger: Loopback;

beforeAll(async () => {
  server = await listen(echo, "127.0.0.1");
  stranger = await listen(echo, "127.0.0.2");
});

afterAll(async () => {
  await server.close();
  await stranger.close();
});

beforeEach(() => {
  register({ targets: ["*.svc", "127.0.0.1"], inbound: false });
});

describe.each(copies)("a mock of %s", (_, undici) => {
  let agent: undici8.MockAgent;

  beforeEach(() => {
    agent = new undici.MockAgent();
    agent.disableNetConnect();
  });

  afterEach(() => agent.close());

  /** What a mock's reply sees of the headers, whatever form they have. */
  function seenBy({ headers = {} }: { headers?: unknown }): Echo {
    const names = namesIn(headers);
    return { names, baggage: valuesIn(headers, "baggage"), url: "" };
  }

  function mockEverything(origin: string, mock: undici8.Interceptable = agent.get(origin)): void {
    mock
      .intercept({ path: () => true, method: () => true })
      .reply(200, (options) => JSON.stringify(seenBy(options)))
      .persist();
  }

  const ways: Record<string, (origin: string, options: object) => Promise<Echo>> = {
    request: async (origin, options) => {
      const { body } = await undici.request(`${origin}/x`, { dispatcher: agent, ...options });
      return (await body.json()) as Echo;
    },
    stream: async (origin, options) => {
      const sink = new PassThrough();
      await undici.stream(`${origin}/x`, { dispatcher: agent, method: "GET", ...options }, () => sink);
      return JSON.parse(String(sink.read())) as Echo;
    },
    fetch: async (origin, options) => (await (await undici.fetch(`${origin}/x`, { dispatcher: agent, ...options })).json()) as Echo,
    "the request of a mocked pool": async (origin, options) => {
      const { body } = await agent.get(origin).request({ path: "/x", method: "GET", ...options } as never);
      return (await body.json()) as Echo;
    },
    "the request of a mocked client": async (origin, options) => {
      const client = new undici.MockClient(origin, { agent });
      mockEverything(origin, client);
      const { body } = await client.request({ path: "/x", method: "GET", ...options });
      return (await body.json()) as Echo;
    },
  };

  describe.each(Object.entries(ways))("that answers %s", (_way, send) => {
    test("sees the name of a target's request, and no other's", async () => {
      mockEverything(TARGET);
      mockEverything(STRANGER);
      expect(await sendCounted(() => send(TARGET, {}))).toMatchObject({ seen: { names: ["vc-1"] }, counted: { sent: 1 } });
      expect(await sendCounted(() => send(STRANGER, {}))).toEqual({
        seen: { names: [], baggage: [], url: "" },
        counted: { "not-a-target": 1 },
      });
      const before = stats();
      expect((await send(TARGET, {})).names).toEqual([]);
      expect((await runInVirtualCluster("vc-1", () => runInVirtualCluster(undefined, () => send(TARGET, {})))).names).toEqual([]);
      expect(stats()).toEqual(before);
    });

    test("sees the caller's own header as it is", async () => {
      mockEverything(TARGET);
      mockEverything(STRANGER);
      for (const origin of [TARGET, STRANGER]) {
        const headers = Object.freeze({ "Virtual-Cluster-Name": "Mine!" });
        expect(await sendCounted(() => send(origin, { headers }))).toMatchObject({
          seen: { names: ["Mine!"] },
          counted: { "caller-set": 1 },
        });
      }
    });

    test("sees baggage that agrees", async () => {
      mockEverything(TARGET);
      const headers = { baggage: "a=1,virtual-cluster-name=vc-9" };
      expect(await sendCounted(() => send(TARGET, { headers }))).toMatchObject({
        seen: { names: ["vc-1"], baggage: ["a=1,virtual-cluster-name=vc-1"] },
        counted: { sent: 1, rewritten: 1 },
      });
    });
  });

  const forms: [string, () => object, (headers: object) => unknown][] = [
    ["an object", () => Object.freeze({ "x-other": "1" }), (headers) => headers],
    ["a flat array", () => Object.freeze(["x-other", "1"]), (headers) => headers],
    ["Headers", () => new undici.Headers({ "x-other": "1" }), (headers) => [...(headers as Headers)]],
    ["the built-in Headers", () => new Headers({ "x-other": "1" }), (headers) => [...(headers as Headers)]],
    ["a Map", () => new Map([["x-other", "1"]]), (headers) => [...(headers as Map<string, string>)]],
  ];

  test.each(forms)("leaves the caller's headers as they are: %s", async (_form, make, read) => {
    const headers = make();
    const before = JSON.stringify(read(headers));
    agent
      .get(TARGET)
      .intercept({ path: "/", headers: { "x-other": "1", [HEADER]: "vc-1" } })
      .reply(200, "matched");
    const { body } = await runInVirtualCluster("vc-1", () => undici.request(TARGET, { dispatcher: agent, headers: headers as never }));
    expect(await body.text()).toBe("matched");
    expect(JSON.stringify(read(headers))).toBe(before);
  });

  test("matches an intercept that asks for the name, and for its absence", async () => {
    const mock = agent.get(TARGET);
    const withName = (headers: Record<string, string>) => headers[HEADER] === "vc-1";
    const without = (headers: Record<string, string>) => !(HEADER in headers);
    mock.intercept({ path: "/", headers: withName }).reply(200, "named").persist();
    mock.intercept({ path: "/", headers: without }).reply(200, "unnamed").persist();
    const send = async () => (await undici.request(TARGET, { dispatcher: agent })).body.text();
    expect(await runInVirtualCluster("vc-1", send)).toBe("named");
    expect(await send()).toBe("unnamed");
    await expect(runInVirtualCluster("vc-2", send)).rejects.toThrow("not matched");
  });

  test.each<[string, () => unknown]>([
    ["an object", () => ({ "x-other": "1" })],
    ["an array", () => ["x-other", "1"]],
    ["Headers", () => new undici.Headers({ "x-other": "1" })],
    ["pairs that can be read once", () => pairsOnce()],
    ["nothing", () => undefined],
  ])("lets a request through to the network, where the name is sent and counted once: headers from %s", async (_form, headers) => {
    agent.enableNetConnect();
    agent.get(server.origin).intercept({ path: "/other" }).reply(200);
    for (const active of [true, false]) {
      if (active) agent.activate();
      else agent.deactivate();
      const { seen, counted } = await sendCounted(
        async () => (await (await undici.request(server.origin, { dispatcher: agent, headers: headers() as never })).body.json()) as Echo,
      );
      expect(seen.names).toEqual(["vc-1"]);
      expect(counted).toEqual({ sent: 1 });
    }
  });

  test("counts nothing for a request that it refuses", async () => {
    const before = stats();
    await expect(runInVirtualCluster("vc-1", () => undici.request(TARGET, { dispatcher: agent }))).rejects.toThrow();
    expect(stats()).toEqual(before);
  });

  test("does not take the name along on a redirect to a host that is no target", async () => {
    agent.enableNetConnect();
    agent
      .get(TARGET)
      .intercept({ path: "/from", headers: { [HEADER]: "vc-1" } })
      .reply(302, "", { headers: { location: `${stranger.origin}/end` } });
    const dispatcher = agent.compose(undici.interceptors.redirect({ maxRedirections: 2 }));
    const { seen, counted } = await sendCounted(
      async () => (await (await undici.request(`${TARGET}/from`, { dispatcher: dispatcher as never })).body.json()) as Echo,
    );
    expect(seen).toMatchObject({ names: [], url: "/end" });
    expect(counted).toEqual({ sent: 1, "not-a-target": 1 });
  });

  test("keeps apart the names of requests that wait for its answers", async () => {
    mockEverything(TARGET);
    const mock = agent.get(TARGET);
    mock
      .intercept({ path: "/slow" })
      .reply(200, (options) => JSON.stringify(seenBy(options)))
      .delay(5)
      .persist();
    const names = Array.from({ length: 20 }, (_each, index) => (index % 3 === 0 ? undefined : `vc-${index}`));
    const seen = await Promise.all(
      names.map((name) =>
        runInVirtualCluster(name, async () => (await undici.request(`${TARGET}/slow`, { dispatcher: agent })).body.json()),
      ),
    );
    expect(seen.map((each) => (each as Echo).names)).toEqual(names.map((name) => (name === undefined ? [] : [name])));
  });
});

test("a request of undici 6 that its mock lets through, and that follows redirects by itself, takes no name to a host that is no target", async () => {
  const agent = new undici6.MockAgent();
  agent.enableNetConnect();
  const { seen, counted } = await sendCounted(async () => {
    const { body } = await undici6.request(`${server.origin}/?to=${stranger.origin}/end`, { dispatcher: agent, maxRedirections: 2 });
    return (await body.json()) as Echo;
  });
  expect(seen).toMatchObject({ names: [], url: "/end" });
  expect(counted).toEqual({ sent: 1, "not-a-target": 1 });
  await agent.close();
});

test.each(newer)("the call history of %s shows the name", async (_, undici) => {
  const agent = new undici.MockAgent({ enableCallHistory: true });
  agent.get(TARGET).intercept({ path: "/" }).reply(200).persist();
  agent.get(STRANGER).intercept({ path: "/" }).reply(200).persist();
  const send = async (origin: string) => void (await (await undici.request(origin, { dispatcher: agent })).body.dump());
  await runInVirtualCluster("vc-1", () => send(TARGET));
  await runInVirtualCluster("vc-1", () => send(STRANGER));
  await send(TARGET);
  const history = agent.getCallHistory() as unknown as { calls(): { headers?: Record<string, string> }[] };
  expect(history.calls().map(({ headers }) => headers?.[HEADER])).toEqual(["vc-1", undefined, undefined]);
  await agent.close();
});

test("the built-in fetch finds the name in a mock of the service's own copy of undici", async () => {
  const agent = new undici7.MockAgent();
  agent.disableNetConnect();
  agent
    .get(TARGET)
    .intercept({ path: "/", headers: { [HEADER]: "vc-1" } })
    .reply(200, "matched");
  const answer = await runInVirtualCluster("vc-1", () => fetch(TARGET, { dispatcher: agent } as object));
  expect(await answer.text()).toBe("matched");
  await agent.close();
});

function namesIn(headers: unknown): string[] {
  return valuesIn(headers, HEADER);
}

function valuesIn(headers: unknown, wanted: string): string[] {
  const pairs = Array.isArray(headers)
    ? Array.from({ length: headers.length / 2 }, (_, index) => [headers[2 * index], headers[2 * index + 1]])
    : Object.entries(headers as object);
  return pairs.filter(([name]) => String(name).toLowerCase() === wanted).map(([, value]) => String(value));
}

function* pairsOnce(): Generator<[string, string]> {
  yield ["x-other", "1"];
}
