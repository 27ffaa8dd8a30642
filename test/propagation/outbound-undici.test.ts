import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentVirtualCluster, register, runInVirtualCluster, stats, unregister } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen, listenOn, valuesOnTheWire } from "./loopback.ts";
import { type Echo, echo, sendByNode, sendCounted } from "./outbound-clients.ts";
import { HEADER } from "./requests.ts";

let target: Loopback;

beforeAll(async () => {
  target = await listen(echo, "127.0.0.1");
});

afterAll(() => target.close());

beforeEach(() => {
  register({ targets: ["127.0.0.1", "*.svc"], inbound: false });
});

describe("a Unix socket", () => {
  test("is judged by the host that the request names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "puggle-"));
    const socketPath = join(folder, "socket");
    const server = createServer(echo);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    register({ targets: ["<local>", "*.svc"] });
    const viaUndici = async (origin: string, options: undici8.Client.Options = { socketPath }) => {
      const client = new undici8.Client(origin, options);
      const { body } = await client.request({ path: "/", method: "GET" });
      const seen = (await body.json()) as Echo;
      await client.close();
      return seen;
    };
    expect((await sendCounted(() => sendByNode({ socketPath, path: "/" }))).seen.names).toEqual(["vc-1"]);
    expect((await sendCounted(() => sendByNode({ socketPath, path: "/", host: "example.com" }))).seen.names).toEqual([]);
    expect((await sendCounted(() => viaUndici("http://orders.svc"))).seen.names).toEqual(["vc-1"]);
    expect((await sendCounted(() => viaUndici("http://example.com"))).seen.names).toEqual([]);
    const connect = { socketPath } as undici8.buildConnector.BuildOptions;
    expect((await sendCounted(() => viaUndici("http://orders.svc", { connect }))).seen.names).toEqual(["vc-1"]);
    expect((await sendCounted(() => viaUndici("http://example.com", { connect }))).seen.names).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
});

/** The versions agree on what is used here. */
type Undici = typeof undici8;
const newer: [string, Undici][] = [
  ["undici 7", undici7 as unknown as Undici],
  ["undici 8", undici8],
];
const copies: [string, Undici][] = [["undici 6", undici6 as unknown as Undici], ...newer];

async function viaProxy(
  undici: Undici,
  options: { proxyTunnel?: boolean },
  url: string,
): Promise<{ proxied: string[]; names: string[][]; counted: Record<string, number> }> {
  const proxied: string[] = [];
  const names: string[][] = [];
  const note = (request: IncomingMessage) => {
    proxied.push(`${request.method} ${request.url}`);
    names.push(valuesOnTheWire(request, HEADER));
  };
  const proxy = createServer((request, response) => {
    note(request);
    response.end(JSON.stringify({ names: [], baggage: [], url: "" } satisfies Echo));
  });
  proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
    note(request);
    const upstream = connect(target.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
  });
  const { origin, close } = await listenOn(proxy);
  const dispatcher = new undici.ProxyAgent({ uri: origin, ...options });
  const { seen, counted } = await sendCounted(async () => {
    const { body } = await undici.request(url, { dispatcher: dispatcher as never });
    return (await body.json()) as Echo;
  });
  await dispatcher.destroy();
  await close();
  return { proxied, names: [...names, seen.names], counted };
}

test.each(newer)("%s judges a request to a proxy by the URL that it asks for", async (_, undici) => {
  const inside = await viaProxy(undici, { proxyTunnel: false }, "http://orders.svc/x");
  expect(inside.proxied).toEqual(["GET http://orders.svc/x"]);
  expect(inside.names[0]).toEqual(["vc-1"]);
  const outside = await viaProxy(undici, { proxyTunnel: false }, "http://example.com/x");
  expect(outside.proxied).toEqual(["GET http://example.com/x"]);
  expect(outside.names[0]).toEqual([]);
  expect(outside.counted).toEqual({ "not-a-target": 1 });
});

describe.each(copies)("%s", (_, undici) => {
  test("sends the name through a tunnel and not to the proxy that makes it", async () => {
    const { proxied, names, counted } = await viaProxy(undici, { proxyTunnel: true }, "http://orders.svc/x");
    expect(proxied).toEqual(["CONNECT orders.svc:80"]);
    expect(names).toEqual([[], ["vc-1"]]);
    // The tunnel belongs to no request: others will use it.
    expect(counted).toEqual({ sent: 1 });
  });

  test("counts a CONNECT of the service's own", async () => {
    const proxy = createServer().on("connect", (_: IncomingMessage, socket: Socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    const { origin, close } = await listenOn(proxy);
    const before = stats().withheld.connect;
    const { socket } = await runInVirtualCluster("vc-1", () => new undici.Client(origin).connect({ path: "orders.svc:80" }));
    socket.destroy();
    await close();
    expect(stats().withheld.connect).toBe(before + 1);
  });

  test("leaves the caller's options and array headers as they are", async () => {
    const options = Object.freeze({ method: "GET", path: "/", headers: Object.freeze(["x-other", "1"]) });
    const client = new undici.Client(target.origin);
    for (const name of ["vc-1", "vc-2"]) {
      const { body } = await runInVirtualCluster(name, () => client.request(options as never));
      expect(((await body.json()) as Echo).names).toEqual([name]);
    }
    await client.close();
    expect(Object.getOwnPropertySymbols(options)).toEqual([]);
  });

  test.each([
    ["no handler", { path: "/", method: "GET" }, undefined],
    ["no options", undefined, {}],
    ["a handler without callbacks", { path: "/", method: "GET" }, {}],
    ["a handler with a callback that is none", { path: "/", method: "GET" }, { onError() {}, onConnect: 1 }],
  ])("refuses %s in its own words", async (_, options, handler) => {
    const client = new undici.Client(target.origin);
    const complain = () => {
      try {
        client.dispatch(options as never, handler as never);
      } catch (error) {
        return String(error);
      }
      return "accepted";
    };
    const withHooks = runInVirtualCluster("vc-1", complain);
    unregister();
    expect(withHooks).toBe(complain());
    await client.destroy();
  });

  test("an error reaches the caller in the scope of its request", async () => {
    const dispatcher = new undici.Agent({ connectTimeout: 500 });
    const closed = await listen(echo);
    await closed.close();
    const error = await runInVirtualCluster("vc-1", () => undici.request(closed.origin, { dispatcher: dispatcher as never })).catch(
      (caught) => caught,
    );
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    await dispatcher.close();
  });

  test("a request that an interceptor holds back, and lets go from another request's code, keeps its own name", async () => {
    const held: (() => unknown)[] = [];
    const dispatcher = new undici.Agent().compose((dispatch) => (options, handler) => {
      held.push(() => dispatch(options, handler));
      return true;
    });
    const names = ["vc-1", undefined, "vc-2"];
    const send = async () => {
      const { body } = await undici.request(target.origin, { dispatcher });
      return ((await body.json()) as Echo).names;
    };
    const answers = names.map((name) => runInVirtualCluster(name, send));
    runInVirtualCluster("vc-other", () => {
      for (const letGo of held) letGo();
    });
    expect(await Promise.all(answers)).toEqual([["vc-1"], [], ["vc-2"]]);
    await dispatcher.close();
  });

  test("a connection is opened in no scope, and the caller stays in its own", async () => {
    const seen: Record<string, string | undefined> = {};
    const dispatcher = new undici.Agent({
      connect: (options: object, callback: undici8.buildConnector.Callback) => {
        seen.connector = currentVirtualCluster();
        undici.buildConnector({})(options as undici8.buildConnector.Options, (...result) => {
          seen.connected = currentVirtualCluster();
          callback(...result);
        });
      },
    });
    dispatcher.on("connect", () => {
      seen["connect event"] = currentVirtualCluster();
    });
    await runInVirtualCluster("vc-1", async () => {
      const sent = undici.request(target.origin, { dispatcher });
      seen["after the call"] = currentVirtualCluster();
      const { body } = await sent;
      expect(((await body.json()) as Echo).names).toEqual(["vc-1"]);
      seen["after the answer"] = currentVirtualCluster();
    });
    await dispatcher.close();
    expect(seen).toEqual({
      connector: undefined,
      connected: undefined,
      "connect event": undefined,
      "after the call": "vc-1",
      "after the answer": "vc-1",
    });
  });
});
