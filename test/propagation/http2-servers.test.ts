import { once } from "node:events";
import http from "node:http";
import http2, { type Http2SecureServer, type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import https from "node:https";
import { connect as connectSocket, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register, runInVirtualCluster, stats, unregister } from "@puggle/propagation";
import { beforeEach, describe, expect, test } from "vitest";
import { connect, listenHttp2 } from "./http2-loopback.ts";
import { type Loopback, listen } from "./loopback.ts";
import { HEADER } from "./requests.ts";
import { chooseSeed, seededRandom } from "./seeded-random.ts";
import { selfSigned } from "./self-signed.ts";

const seed = chooseSeed();
const random = seededRandom(seed);

beforeEach(() => {
  register({ inbound: true, outbound: true, targets: ["127.0.0.1"], reportLost: false });
});

type Server = Http2Server | Http2SecureServer;
type Note = (what: string) => void;

/** Answers a POST, and notes the name at each event of the request's life. */
type Serve = (server: Server, noteFor: (id: string) => Note) => void;

const byStreams: Serve = (server, noteFor) => {
  server.on("stream", async (stream, headers) => {
    const note = noteFor(String(headers[":path"]));
    note("stream");
    for (const event of ["end", "trailers", "aborted", "finish", "close", "wantTrailers"]) stream.on(event, () => note(event));
    stream.on("error", () => note("error"));
    stream.on("data", () => note("data"));
    stream.on("wantTrailers", () => stream.sendTrailers({ x: "1" }));
    const ended = once(stream, "end");
    await sleep(Math.floor(random() * 4));
    note("await");
    if (stream.destroyed) return;
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.write("one");
    await ended;
    stream.end("two", () => note("end callback"));
  });
};

const byMessages: Serve = (server, noteFor) => {
  server.on("request", async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const note = noteFor(request.url);
    note("request");
    for (const event of ["end", "aborted", "close"]) request.on(event, () => note(event));
    for (const event of ["finish", "close"]) response.on(event, () => note(`response ${event}`));
    request.on("error", () => note("error"));
    request.on("data", () => note("data"));
    await sleep(Math.floor(random() * 4));
    note("await");
    response.write("one");
    if (request.complete) response.end("two");
    else request.on("end", () => response.end("two"));
  });
};

const kinds: readonly (readonly [string, () => Server, Serve])[] = [
  ["streams, h2c", () => http2.createServer(), byStreams],
  ["streams, TLS", () => http2.createSecureServer(selfSigned), byStreams],
  ["compatibility API, h2c", () => http2.createServer(), byMessages],
  ["compatibility API, TLS", () => http2.createSecureServer({ ...selfSigned, allowHTTP1: true }), byMessages],
];

/** Notes of one request, by event. */
function createJournal() {
  const entries = new Map<string, Set<string>>();
  const noteFor = (id: string): Note => {
    const seen = entries.get(id) ?? new Set();
    entries.set(id, seen);
    return (what) => seen.add(`${what}: ${currentVirtualCluster()}`);
  };
  return { noteFor, entries };
}

/** Is a request with a name in flight? Tells by what a call from nowhere counts as. */
async function isNamedInFlight(poll: Loopback): Promise<boolean> {
  const before = stats().lost;
  const outgoing = http.get(poll.origin, { agent: false });
  const [response] = await once(outgoing, "response");
  await once(response.resume(), "end");
  return stats().lost !== before;
}

describe.each(kinds)("a node:http2 server (%s)", (_, create, serve) => {
  test("runs each of 200 interleaved requests of one session in its own scope, from the first event to the last", async () => {
    const { noteFor, entries } = createJournal();
    const server = create();
    serve(server, noteFor);
    const service = await listenHttp2(server);
    const session = connect(service.origin);
    const poll = await listen((_request, response) => response.end());
    const { received, failures } = stats();
    const wanted = new Map<string, string | undefined>();
    const exchanges = Array.from({ length: 200 }, async (_each, index) => {
      const name = random() < 0.4 ? undefined : `vc-${index}`;
      wanted.set(`/${index}`, name);
      const stream = session.request({ ":path": `/${index}`, ":method": "POST", ...(name === undefined ? {} : { [HEADER]: name }) });
      stream.on("error", () => {});
      stream.write("a");
      await sleep(Math.floor(random() * 4));
      if (index % 5 === 4) stream.close(http2.constants.NGHTTP2_CANCEL);
      else stream.end("b");
      stream.resume();
      await once(stream, "close");
    });
    await Promise.all(exchanges);
    expect(await isNamedInFlight(poll)).toBe(false);
    session.destroy();
    await service.close();
    await poll.close();

    const wrong = [...entries].flatMap(([id, seen]) => [...seen].filter((line) => !line.endsWith(`: ${wanted.get(id)}`)));
    expect(wrong).toEqual([]);
    expect(entries.size).toBeGreaterThan(150);
    const whats = new Set([...entries.values()].flatMap((seen) => [...seen].map((line) => line.slice(0, line.indexOf(":")))));
    expect([...whats]).toEqual(expect.arrayContaining(["await", "data", "end", "close", "aborted"]));
    const named = [...entries.keys()].filter((id) => wanted.get(id) !== undefined).length;
    expect(stats().received.header - received.header).toBe(named);
    expect(stats().failures).toBe(failures);
  });

  test("counts a request as in flight until its stream closes, also where the client resets it or goes away, or the server throws", async () => {
    const server = create();
    let arrived = () => {};
    server.on(serve === byStreams ? "stream" : "request", () => arrived());
    const service = await listenHttp2(server);
    const poll = await listen((_request, response) => response.end());
    for (const end of ["reset", "session", "socket"]) {
      const session = connect(service.origin);
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const stream = session.request({ ":method": "POST", [HEADER]: "vc-1" });
      stream.on("error", () => {});
      await arrival;
      expect({ end, isInFlight: await isNamedInFlight(poll) }).toEqual({ end, isInFlight: true });
      if (end === "reset") stream.close(http2.constants.NGHTTP2_CANCEL);
      else if (end === "session") session.destroy();
      else session.socket.destroy();
      for (let tries = 0; tries < 100 && (await isNamedInFlight(poll)); tries += 1) await sleep(5);
      expect({ end, isInFlight: await isNamedInFlight(poll) }).toEqual({ end, isInFlight: false });
      session.destroy();
    }
    await service.close();
    await poll.close();
  });

  test.each<[string, string | string[], string]>([
    ["repeated", ["vc-1", "vc-1"], "repeated"],
    ["empty", "", "empty"],
    ["too long", "a".repeat(64), "too-long"],
    ["no DNS label", "a_b", "not-a-dns-label"],
    ["in upper case", "VC-1", "not-a-dns-label"],
  ])("drops a header that is %s, and counts it", async (_what, value, fault) => {
    const { noteFor, entries } = createJournal();
    const server = create();
    serve(server, noteFor);
    const service = await listenHttp2(server);
    const session = connect(service.origin);
    const countOf = () => (stats().dropped.header as Record<string, number>)[fault] ?? 0;
    const before = countOf();
    const stream = session.request({ ":path": "/x", [HEADER]: value, baggage: "virtual-cluster-name=vc-2" }, { endStream: true });
    await once(stream.resume(), "close");
    session.destroy();
    await service.close();
    expect([...(entries.get("/x") ?? [])].filter((line) => !line.endsWith(": undefined"))).toEqual([]);
    expect(countOf()).toBe(before + 1);
  });
});

describe("a node:http2 server", () => {
  test("takes the name from baggage, and the process's own where there is none", async () => {
    const seen: unknown[] = [];
    const service = await listenHttp2(
      http2.createServer().on("stream", (stream) => {
        seen.push(currentVirtualCluster());
        stream.respond({}, { endStream: true });
      }),
    );
    const session = connect(service.origin);
    for (const headers of [{ baggage: "a=1,virtual-cluster-name=vc-2" }, { baggage: "a=1" }]) {
      await once(session.request(headers).resume(), "close");
    }
    register({ virtualCluster: "vc-own" });
    await once(session.request({}).resume(), "close");
    unregister();
    session.destroy();
    await service.close();
    expect(seen).toEqual(["vc-2", undefined, "vc-own"]);
  });
});

describe("what belongs to a request", () => {
  test("its pushes run in its scope, by both APIs", async () => {
    const seen: string[] = [];
    const note = (what: string) => seen.push(`${what} ${currentVirtualCluster()}`);
    const server = http2.createServer();
    server.on("stream", (stream) => {
      stream.pushStream({ ":path": "/pushed" }, (_error, pushed) => {
        note("push");
        pushed.on("finish", () => note("push finish"));
        pushed.on("close", () => note("push close"));
        pushed.respond({ ":status": 200 });
        setTimeout(() => runInVirtualCluster("vc-9", () => pushed.end("x")), 1);
      });
    });
    server.on("request", (_request: Http2ServerRequest, response: Http2ServerResponse) => {
      response.createPushResponse({ ":path": "/other" }, (_error, pushed) => {
        note("push response");
        pushed.on("finish", () => note("push response finish"));
        pushed.on("close", () => note("push response close"));
        setTimeout(() => runInVirtualCluster("vc-9", () => pushed.end("y")), 1);
      });
      response.end("z");
    });
    const service = await listenHttp2(server);
    const session = connect(service.origin);
    const pushes: Promise<unknown>[] = [];
    session.on("stream", (pushed) => pushes.push(once(pushed.resume(), "close")));
    for (const headers of [{ [HEADER]: "vc-1" }, {}]) await once(session.request(headers).resume(), "close");
    await Promise.all(pushes);
    await sleep(20);
    session.destroy();
    await service.close();
    const events = ["push", "push finish", "push close", "push response", "push response finish", "push response close"];
    expect(seen.sort()).toEqual(events.flatMap((event) => [`${event} vc-1`, `${event} undefined`]).sort());
  });

  test("its body is read in its scope, by whomever it is drained", async () => {
    const seen: string[] = [];
    const server = http2.createServer((request, response) => {
      const note = (what: string) => () => seen.push(`${what} ${currentVirtualCluster()}`);
      request.on("readable", note("readable")).on("end", note("end"));
      setTimeout(() => {
        runInVirtualCluster("vc-9", () => {
          request.removeAllListeners("readable").on("data", note("data"));
          request.resume();
        });
      }, 5);
      request.on("end", () => response.end());
    });
    const service = await listenHttp2(server);
    const session = connect(service.origin);
    const stream = session.request({ ":method": "POST", [HEADER]: "vc-1" });
    stream.end("body");
    await once(stream.resume(), "close");
    session.destroy();
    await service.close();
    expect([...new Set(seen)].sort()).toEqual(["data vc-1", "end vc-1", "readable vc-1"]);
  });

  test("its Expect and its CONNECT run in its scope", async () => {
    const seen: string[] = [];
    const server = http2.createServer();
    server.on("checkContinue", (request: Http2ServerRequest, response: Http2ServerResponse) => {
      seen.push(`checkContinue ${currentVirtualCluster()}`);
      request.on("end", () => {
        seen.push(`end ${currentVirtualCluster()}`);
        response.end();
      });
      response.writeContinue();
      request.resume();
    });
    server.on("connect", (_request: Http2ServerRequest, response: Http2ServerResponse) => {
      seen.push(`connect ${currentVirtualCluster()}`);
      response.end();
    });
    server.on("request", () => {});
    const service = await listenHttp2(server);
    const session = connect(service.origin);
    const stream = session.request({ ":method": "POST", expect: "100-continue", [HEADER]: "vc-1" });
    stream.on("continue", () => stream.end("x"));
    await once(stream.resume(), "close");
    const tunnel = session.request({ ":method": "CONNECT", ":authority": "orders:80", [HEADER]: "vc-2" });
    tunnel.end();
    await once(tunnel.resume(), "close");
    session.destroy();
    await service.close();
    expect(seen).toEqual(["checkContinue vc-1", "end vc-1", "connect vc-2"]);
  });

  test("its HTTP/1 form on a server with allowHTTP1 has a scope too", async () => {
    const seen: string[] = [];
    const server = http2.createSecureServer({ ...selfSigned, allowHTTP1: true });
    const note = (what: string) => seen.push(`${what} ${currentVirtualCluster()}`);
    let closed: Promise<unknown> | undefined;
    server.on("request", (request, response) => {
      note("request");
      request.on("end", () => note("end"));
      response.on("close", () => note("close"));
      request.resume();
      setTimeout(() => response.end(), 2);
    });
    server.on("upgrade", (_request: http.IncomingMessage, socket: Socket) => {
      note("upgrade");
      closed = once(socket, "close");
      socket.on("close", () => note("socket close"));
      socket.resume();
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    });
    const service = await listenHttp2(server);
    const send = (headers: http.OutgoingHttpHeaders) =>
      https.request({ host: "127.0.0.1", port: service.port, ca: selfSigned.cert, agent: false, headers, method: "POST" });
    for (const headers of [{ [HEADER]: "vc-1" }, {}]) {
      const outgoing = send(headers);
      outgoing.end("body");
      const [response] = await once(outgoing, "response");
      await once(response.resume(), "close");
    }
    const upgrading = send({ [HEADER]: "vc-2", connection: "upgrade", upgrade: "x" });
    upgrading.end();
    const [, socket] = await once(upgrading, "upgrade");
    await once(socket.resume(), "close");
    await closed;
    await service.close();
    const life = ["request", "end", "close"];
    expect(seen.sort()).toEqual(
      [...life.flatMap((event) => [`${event} vc-1`, `${event} undefined`]), "upgrade vc-2", "socket close vc-2"].sort(),
    );
  });

  test("an error that its handler throws leaves the next request alone", async () => {
    const seen: (string | undefined)[] = [];
    const server = http2.createServer(async (request, response) => {
      if (request.url === "/throws") throw new Error("service's own");
      seen.push(currentVirtualCluster());
      response.end();
    });
    const service = await listenHttp2(server);
    const rejections: unknown[] = [];
    const catchIt = (error: unknown) => rejections.push(error);
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", catchIt);
    const session = connect(service.origin);
    const failing = session.request({ ":path": "/throws", [HEADER]: "vc-1" });
    failing.on("error", () => {});
    for (const headers of [{}, { [HEADER]: "vc-2" }]) await once(session.request(headers).resume(), "close");
    process.off("unhandledRejection", catchIt);
    for (const other of others) process.on("unhandledRejection", other);
    session.destroy();
    await service.close();
    expect(rejections).toEqual([expect.objectContaining({ message: "service's own" })]);
    expect(seen).toEqual([undefined, "vc-2"]);
  });

  test("no request is made of garbage, and none is in flight after it", async () => {
    const service = await listenHttp2(http2.createServer());
    const failures = stats().failures;
    const socket = connectSocket(service.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.end("GET / HTTP/1.1\r\n\r\n");
    await once(socket.resume(), "close");
    await service.close();
    expect(stats().failures).toBe(failures);
  });
});
