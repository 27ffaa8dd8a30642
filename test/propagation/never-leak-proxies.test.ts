import { execFile } from "node:child_process";
import http, { createServer, type IncomingMessage } from "node:http";
import https from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { register } from "@puggle/propagation";
import axios from "axios";
import { HttpsProxyAgent } from "https-proxy-agent";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listenOn, valuesOnTheWire } from "./loopback.ts";
import { sendCounted } from "./outbound-clients.ts";
import { HEADER } from "./requests.ts";
import { selfSigned } from "./self-signed.ts";

type Undici = typeof undici8;

/** One request, as the proxy or the server behind it saw it: its first line, and the names that it brought. */
type Sighting = readonly [line: string, ...names: string[]];

let seen: Sighting[] = [];
let proxy: Loopback;
let plain: Loopback;
let secure: https.Server;
const tunnels = new Set<Socket>();

const note = (where: string, request: IncomingMessage) => {
  seen.push([`${where} ${request.method} ${request.url}`, ...valuesOnTheWire(request, HEADER)]);
};

beforeAll(async () => {
  plain = await listenOn(
    createServer((request, response) => {
      note("server", request);
      response.end("{}");
    }),
  );
  secure = https.createServer(selfSigned, (request, response) => {
    note("secure server", request);
    response.end("{}");
  });
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const answering = createServer((request, response) => {
    note("proxy", request);
    response.end("{}");
  });
  answering.on("connect", (request: IncomingMessage, socket: Socket) => {
    note("proxy", request);
    tunnels.add(socket);
    const port = request.url?.endsWith(":443") === true ? (secure.address() as AddressInfo).port : plain.port;
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  proxy = await listenOn(answering);
});

afterAll(async () => {
  for (const tunnel of tunnels) tunnel.destroy();
  await proxy.close();
  await plain.close();
  secure.close();
  secure.closeAllConnections();
});

beforeEach(() => {
  seen = [];
  register({ targets: ["127.0.0.1", "*.svc"], inbound: false });
});

/** What a proxy and a server see of a request with a name. `absolute`: the proxy makes the request; `tunnel`: it only makes a connection. */
const wanted: Record<"absolute" | "tunnel" | "secure tunnel", (host: string, ...names: string[]) => Sighting[]> = {
  absolute: (host, ...names) => [[`proxy GET http://${host}/x`, ...names]],
  tunnel: (host, ...names) => [[`proxy CONNECT ${host}:80`], ["server GET /x", ...names]],
  "secure tunnel": (host, ...names) => [[`proxy CONNECT ${host}:443`], ["secure server GET /x", ...names]],
};

const byNode = (module: typeof http | typeof https, url: string, options: object) =>
  new Promise<void>((resolve, reject) => {
    const request = module.get(url, options as object, (response) => response.resume().on("end", resolve));
    request.on("error", reject);
  });

async function byUndici(undici: Undici, dispatcher: undici8.Dispatcher, url: string): Promise<void> {
  await (await undici.request(url, { dispatcher })).body.dump();
  await dispatcher.destroy();
}

type Way = readonly [way: string, kind: keyof typeof wanted, send: (url: string) => Promise<unknown>];

const tls = { rejectUnauthorized: false };

const waysOfUndici = (name: string, undici: Undici): Way[] => [
  [`${name} ProxyAgent`, "tunnel", (url) => byUndici(undici, new undici.ProxyAgent({ uri: proxy.origin, proxyTunnel: true }), url)],
  [
    `${name} ProxyAgent, to https`,
    "secure tunnel",
    (url) => byUndici(undici, new undici.ProxyAgent({ uri: proxy.origin, requestTls: tls }), url),
  ],
  [
    `${name} EnvHttpProxyAgent`,
    "tunnel",
    (url) => byUndici(undici, new undici.EnvHttpProxyAgent({ httpProxy: proxy.origin, noProxy: "", proxyTunnel: true }), url),
  ],
  [
    `${name} fetch by a ProxyAgent`,
    "tunnel",
    async (url) => {
      const dispatcher = new undici.ProxyAgent({ uri: proxy.origin, proxyTunnel: true });
      await (await undici.fetch(url, { dispatcher })).text();
      await dispatcher.destroy();
    },
  ],
];

const ways: Way[] = [
  [
    "node:http with an absolute path",
    "absolute",
    (url) => byNode(http, proxy.origin, { path: url, agent: false, headers: { host: new URL(url).host } }),
  ],
  ["node:http by https-proxy-agent", "tunnel", (url) => byNode(http, url, { agent: new HttpsProxyAgent(proxy.origin) })],
  ["node:https by https-proxy-agent", "secure tunnel", (url) => byNode(https, url, { agent: new HttpsProxyAgent(proxy.origin), ...tls })],
  ["axios with a proxy", "absolute", (url) => axios.get(url, { proxy: { host: "127.0.0.1", port: proxy.port, protocol: "http" } })],
  ...waysOfUndici("undici 6", undici6 as unknown as Undici),
  ...waysOfUndici("undici 7", undici7 as unknown as Undici),
  ...waysOfUndici("undici 8", undici8),
  [
    "undici 7 without a tunnel",
    "absolute",
    (url) => byUndici(undici7 as unknown as Undici, new undici7.ProxyAgent({ uri: proxy.origin, proxyTunnel: false }) as never, url),
  ],
  [
    "undici 8 without a tunnel",
    "absolute",
    (url) => byUndici(undici8, new undici8.ProxyAgent({ uri: proxy.origin, proxyTunnel: false }), url),
  ],
];

describe.each(ways)("%s", (_, kind, send) => {
  const urlOf = (host: string) => `${kind === "secure tunnel" ? "https" : "http"}://${host}/x`;

  test("carries the name to a target behind the proxy, and not to the proxy on the way", async () => {
    const { counted } = await sendCounted(() => send(urlOf("orders.svc")) as never);
    expect(seen).toEqual(wanted[kind]("orders.svc", "vc-1"));
    expect(counted).toMatchObject({ sent: 1 });
  });

  test("carries none to another host behind a proxy that is a target itself", async () => {
    const { counted } = await sendCounted(() => send(urlOf("example.com")) as never);
    expect(seen).toEqual(wanted[kind]("example.com"));
    expect(counted).toMatchObject({ "not-a-target": 1 });
    expect(counted.sent).toBeUndefined();
  });
});

test.each(["http:/example.com/x", "http:\\\\example.com/x", "http:example.com", "HTTP://example.com/x", "orders.svc:80"])(
  "a proxy that is asked for %j is told no name: who knows how it reads that",
  async (path) => {
    await sendCounted(() => byNode(http, proxy.origin, { path, agent: false }) as never).catch(() => {});
    expect(seen.length).toBeLessThanOrEqual(1);
    for (const [, ...names] of seen) expect(names).toEqual([]);
  },
);

describe("Node's own proxy (NODE_USE_ENV_PROXY)", () => {
  const SERVICE = `
    import http from "node:http";
    import https from "node:https";
    import { runInVirtualCluster, stats } from "@puggle/propagation";
    const byNode = (module, url) => new Promise((resolve, reject) => {
      module.get(url, (response) => response.resume().on("end", resolve)).on("error", reject);
    });
    const ways = { http: (url) => byNode(http, url), https: (url) => byNode(https, url), fetch: async (url) => (await fetch(url)).text() };
    await runInVirtualCluster("vc-1", () => ways[process.argv[1]](process.argv[2]));
    const { sent, withheld, failures } = stats();
    console.log(JSON.stringify({ sent, ...withheld, failures }));
    process.exit();
  `;

  async function runService(way: string, url: string): Promise<Record<string, number>> {
    const environment = { HTTP_PROXY: proxy.origin, HTTPS_PROXY: proxy.origin, NO_PROXY: "", NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "@puggle/propagation/register", "--input-type=module", "--eval", SERVICE, way, url],
      {
        cwd: import.meta.dirname,
        timeout: 15_000,
        env: { PATH: process.env.PATH, NODE_USE_ENV_PROXY: "1", PUGGLE_TARGETS: "127.0.0.1,*.svc", ...environment },
      },
    );
    return JSON.parse(stdout);
  }

  test.each<[string, string, keyof typeof wanted]>([
    ["http", "http", "absolute"],
    ["https", "https", "secure tunnel"],
    ["fetch", "http", "tunnel"],
    ["fetch", "https", "secure tunnel"],
  ])("carries the name of %s to %s where the request goes, and not to the proxy", async (way, scheme, kind) => {
    expect(await runService(way, `${scheme}://orders.svc/x`)).toMatchObject({ sent: 1, "not-a-target": 0, failures: 0 });
    expect(seen).toEqual(wanted[kind]("orders.svc", "vc-1"));
    seen = [];
    expect(await runService(way, `${scheme}://example.com/x`)).toMatchObject({ sent: 0, "not-a-target": 1, failures: 0 });
    expect(seen).toEqual(wanted[kind]("example.com"));
  });
});
