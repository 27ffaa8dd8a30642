import { createServer } from "node:http";
import http2, { type ClientHttp2Session } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import * as grpc from "@grpc/grpc-js";
import { register, runInVirtualCluster, stats } from "@puggle/propagation";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { callGrpc, createClient, createEcho, serve } from "./grpc-service.ts";
import { askHttp2, createEchoServer, type Http2Loopback, listenHttp2 } from "./http2-loopback.ts";
import { listenOn } from "./loopback.ts";

/** What a connection was opened for is not always where it leads to. */
let server: Http2Loopback;
let before: ReturnType<typeof stats>;
const sessions: ClientHttp2Session[] = [];

beforeAll(async () => {
  server = await listenHttp2(createEchoServer());
});

afterAll(() => server.close());

beforeEach(() => {
  before = stats();
});

afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
  vi.unstubAllEnvs();
});

function open(...given: Parameters<typeof http2.connect>): ClientHttp2Session {
  const session = http2.connect(...given);
  session.on("error", () => {});
  sessions.push(session);
  return session;
}

/** What has been counted since the test began. */
const counted = () => ({
  sent: stats().sent - before.sent,
  withheld: stats().withheld["not-a-target"] - before.withheld["not-a-target"],
});

describe("an HTTP/2 session that was opened for a target, with a socket to another host,", () => {
  const ask = (session: ClientHttp2Session) => runInVirtualCluster("vc-1", () => askHttp2(session, { ":path": "/" }));

  test("does not carry the name", async () => {
    register({ targets: ["orders"] });
    const session = open(`http://orders:${server.port}`, { host: "127.0.0.1" } as http2.ClientSessionOptions);
    expect((await ask(session)).names).toEqual([]);
    expect((await ask(session)).names).toEqual([]);
    expect(counted()).toEqual({ sent: 0, withheld: 2 });
  });

  test("carries it where that host is a target too, once there is a connection to tell", async () => {
    register({ targets: ["orders", "127.0.0.1"] });
    const session = open(`http://orders:${server.port}`, { host: "127.0.0.1" } as http2.ClientSessionOptions);
    expect((await ask(session)).names).toEqual([]);
    expect((await ask(session)).names).toEqual(["vc-1"]);
    expect(counted()).toEqual({ sent: 1, withheld: 1 });
  });

  test("does not carry it over TLS, even before the connection is there", () => {
    register({ targets: ["orders"] });
    const session = open("https://orders:1", { host: "127.0.0.1" } as http2.SecureClientSessionOptions);
    runInVirtualCluster("vc-1", () => session.request({ ":path": "/" }).on("error", () => {}));
    expect(counted()).toEqual({ sent: 0, withheld: 1 });
  });
});

describe("a gRPC channel through a proxy that is a target", () => {
  /** Which hosts the proxy was asked for. */
  let asked: string[];
  let closeAll: () => Promise<void>;

  beforeEach(async () => {
    register({ targets: ["<default>"] });
    const service = await serve(createEcho());
    const tunnels = new Set<Duplex>();
    asked = [];
    const proxy = createServer().on("connect", (request, socket) => {
      asked.push(request.url ?? "");
      const upstream = connect(service.port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      for (const each of [upstream, socket]) {
        tunnels.add(each);
        each.on("error", () => {});
      }
    });
    const loopback = await listenOn(proxy);
    vi.stubEnv("grpc_proxy", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    vi.stubEnv("no_grpc_proxy", "");
    vi.stubEnv("no_proxy", "");
    closeAll = async () => {
      service.close();
      for (const tunnel of tunnels) tunnel.destroy();
      await loopback.close();
    };
  });

  afterEach(() => closeAll());

  test.each<[string, string, grpc.ClientOptions, grpc.CallOptions, string[]]>([
    ["a public host, which does not get the name", "api.example.com:443", {}, {}, []],
    ["one with an authority that is a target", "api.example.com:443", { "grpc.default_authority": "orders" }, {}, []],
    ["one, in a call with a host that is a target", "api.example.com:443", {}, { host: "orders" }, []],
    ["a target, which gets the name", "orders:443", {}, {}, ["vc-1"]],
  ])("is judged by what it leads to: %s", async (_, target, options, callOptions, names) => {
    const client = createClient(target, options);
    const answer = await runInVirtualCluster("vc-1", () => callGrpc(client, "unary", { metadata: new grpc.Metadata(), callOptions }));
    client.close();
    expect(asked).toEqual([target]);
    expect(answer.names).toEqual(names);
    expect(counted()).toEqual({ sent: names.length, withheld: 1 - names.length });
  });
});
