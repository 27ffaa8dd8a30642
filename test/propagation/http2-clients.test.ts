import { once } from "node:events";
import http2, { type ClientHttp2Session } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register, runInVirtualCluster, stats } from "@puggle/propagation";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { askHttp2, connect, createEchoServer, type Http2Loopback, listenHttp2 } from "./http2-loopback.ts";
import { sendCounted } from "./outbound-clients.ts";
import { HEADER } from "./requests.ts";
import { chooseSeed, seededRandom } from "./seeded-random.ts";

const seed = chooseSeed();
const random = seededRandom(seed);
const pause = () => (random() < 0.5 ? Promise.resolve() : sleep(Math.floor(random() * 4)));

let target: Http2Loopback;
let session: ClientHttp2Session;

beforeAll(async () => {
  target = await listenHttp2(createEchoServer(pause));
});

afterAll(() => target.close());

beforeEach(() => {
  register({ targets: ["127.0.0.1", "*.svc"], inbound: false, baggage: true });
  session = connect(target.origin);
});

afterEach(() => session.destroy());

/** Sends as a request of vc-1, and tells what is counted meanwhile. */
async function send(headers?: object) {
  const { seen, counted } = await sendCounted(async () => ({ ...(await askHttp2(session, headers)), url: "" }));
  return { names: seen.names, baggage: seen.baggage, counted };
}

const arraysAreTaken = Number(process.versions.node.split(".")[0]) >= 24;
const base = [":method", "GET", ":path", "/"];

describe("node:http2 clients", () => {
  test.each<[string, object | undefined]>([
    ["no headers", undefined],
    ["an object", { ":path": "/" }],
    ["an object without a prototype", Object.assign(Object.create(null), { ":path": "/" })],
    ["an authority that is a target", { ":authority": "orders.svc:80" }],
    ["a host header that is a target", { host: "orders.svc:80" }],
    ["an entry of ours that is undefined", { [HEADER]: undefined }],
    ["an array", [...base]],
  ])("send the name with %s", async (_, headers) => {
    if (Array.isArray(headers) && !arraysAreTaken) return;
    if (headers !== undefined) Object.freeze(headers);
    expect(await send(headers)).toMatchObject({ names: ["vc-1"], counted: { sent: 1 } });
  });

  test.each<[string, object, string]>([
    ["the caller's own header", { [HEADER]: "Mine!" }, "caller-set"],
    ["the caller's own header in upper case", { "Virtual-Cluster-NAME": "Mine!" }, "caller-set"],
    ["the caller's own header in an array", [...base, "Virtual-Cluster-Name", "Mine!"], "caller-set"],
    ["an authority that is no target", { ":authority": "example.com" }, "not-a-target"],
    ["an authority that is no target, in an array", [...base, ":authority", "example.com"], "not-a-target"],
    ["a host header that is no target", { host: "example.com" }, "not-a-target"],
    ["a host header that is no target, in upper case", { Host: "example.com" }, "not-a-target"],
    ["a host header beside an authority", { ":authority": "orders.svc", host: "example.com" }, "not-a-target"],
  ])("do not add the name to %s", async (_, headers, reason) => {
    if (Array.isArray(headers) && !arraysAreTaken) return;
    const names = reason === "caller-set" ? ["Mine!"] : [];
    expect(await send(Object.freeze(headers))).toMatchObject({ names, counted: { [reason]: 1 } });
  });

  test("do not send the name to a session's origin that is no target, whatever authority the request names", async () => {
    register({ targets: ["*.svc"] });
    expect(await send({ ":authority": "orders.svc" })).toMatchObject({ names: [], counted: { "not-a-target": 1 } });
  });

  test("send the name over IPv6", async () => {
    register({ targets: ["::1"] });
    const server = createEchoServer();
    await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
    const { port } = server.address() as { port: number };
    session.destroy();
    session = connect(`http://[::1]:${port}`);
    expect(await send()).toMatchObject({ names: ["vc-1"], counted: { sent: 1 } });
    session.destroy();
    server.close();
  });

  test("make baggage agree in a copy, and leave the rest of it", async () => {
    const headers = Object.freeze({ Baggage: "a=1,virtual-cluster-name=vc-9" });
    expect(await send(headers)).toMatchObject({ names: ["vc-1"], baggage: ["a=1,virtual-cluster-name=vc-1"], counted: { rewritten: 1 } });
    register({ baggage: "write" });
    expect(await send({ baggage: "a=1" })).toMatchObject({ baggage: ["a=1,virtual-cluster-name=vc-1"] });
    expect(await send()).toMatchObject({ baggage: ["virtual-cluster-name=vc-1"] });
    if (arraysAreTaken)
      expect(await send([...base, "baggage", "a=1"])).toMatchObject({ names: ["vc-1"], baggage: ["a=1,virtual-cluster-name=vc-1"] });
  });

  test("keep what the caller wants out of compression tables, and the name beside it", async () => {
    const headers = Object.freeze({ cookie: "secret", [http2.sensitiveHeaders]: ["cookie"] });
    const stream = runInVirtualCluster("vc-1", () => session.request(headers));
    expect(stream.sentHeaders).toMatchObject({ cookie: "secret", [HEADER]: "vc-1" });
    expect(Reflect.get(stream.sentHeaders, http2.sensitiveHeaders)).toEqual(["cookie"]);
    stream.resume();
    await once(stream, "close");
  });

  test("never send the name with CONNECT, for it goes to a proxy; but with an extended CONNECT, which goes to the host that it names", async () => {
    await once(session, "remoteSettings");
    expect(await send({ ":method": "CONNECT", ":authority": "orders.svc:80" })).toMatchObject({ names: [], counted: { connect: 1 } });
    const webSocket = { ":method": "CONNECT", ":protocol": "websocket", ":path": "/" };
    expect(await send(webSocket)).toMatchObject({ names: ["vc-1"], counted: { sent: 1 } });
  });

  test("leave a session that is closed to Node", async () => {
    session.destroy();
    const before = stats();
    await expect(runInVirtualCluster("vc-1", async () => askHttp2(session))).rejects.toThrow(/session|closed|destroyed/i);
    expect(stats().sent).toBe(before.sent);
    expect(stats().failures).toBe(before.failures);
  });

  test("count a call from nowhere while a request with a name is in flight", async () => {
    register({ inbound: true, reportLost: false });
    const lost = stats().lost;
    await askHttp2(session);
    expect(stats().lost).toBe(lost);
    const service = await listenHttp2(
      http2.createServer((_request, response) => {
        waiting = () => response.end("{}");
        arrived();
      }),
    );
    let waiting = () => {};
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const caller = connect(service.origin);
    const answer = askHttp2(caller, { [HEADER]: "vc-1" });
    await arrival;
    await askHttp2(session);
    expect(stats().lost).toBe(lost + 1);
    waiting();
    await answer;
    caller.destroy();
    await service.close();
    await askHttp2(session);
    expect(stats().lost).toBe(lost + 1);
  });
});

describe("the events of client streams", () => {
  test("come in the scope of who made the request, and those of the session in nobody's", async () => {
    session.destroy();
    const seen: string[] = [];
    const note = (what: string) => seen.push(`${what} ${currentVirtualCluster()}`);
    session = runInVirtualCluster("vc-1", () => connect(target.origin));
    session.on("connect", () => note("connect"));
    session.on("remoteSettings", () => note("remoteSettings"));
    session.on("close", () => note("session close"));
    const streams = ["vc-1", "vc-2", undefined].map((name) => {
      const stream = runInVirtualCluster(name, () => session.request({}, { endStream: false }));
      for (const event of ["ready", "response", "end", "close"]) stream.on(event, () => note(`${name} ${event}`));
      stream.once("data", () => note(`${name} data`));
      return stream;
    });
    // From another's code.
    runInVirtualCluster("vc-9", () => {
      for (const stream of streams) stream.end();
    });
    await Promise.all(streams.map((stream) => once(stream, "close")));
    session.close();
    await once(session, "close");
    const events = ["ready", "response", "data", "end", "close"];
    const wanted = ["vc-1", "vc-2", undefined].flatMap((name) => events.map((event) => `${name} ${event} ${name}`));
    expect(seen.sort()).toEqual([...wanted, "connect undefined", "remoteSettings undefined", "session close undefined"].sort());
  });

  test("come in that scope after a reset, an abort, a GOAWAY and the end of the session too", async () => {
    const ends: Record<string, (session: ClientHttp2Session, stream: http2.ClientHttp2Stream) => void> = {
      "reset by the server": () => {},
      "goaway of the server": () => {},
      reset: (_, stream) => stream.close(http2.constants.NGHTTP2_CANCEL),
      destroy: (_, stream) => stream.destroy(new Error("enough")),
      session: (own) => own.destroy(new Error("gone")),
    };
    const server = http2.createServer().on("stream", (stream, headers) => {
      stream.on("error", () => {});
      if (headers[":path"] === "/reset%20by%20the%20server") stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
      if (headers[":path"] === "/goaway%20of%20the%20server") stream.session?.goaway(http2.constants.NGHTTP2_INTERNAL_ERROR);
    });
    const silent = await listenHttp2(server);
    for (const [how, end] of Object.entries(ends)) {
      const own = runInVirtualCluster("vc-8", () => connect(silent.origin));
      await once(own, "connect");
      const names: (string | undefined)[] = [];
      const stream = runInVirtualCluster("vc-1", () => own.request({ ":path": `/${encodeURIComponent(how)}` }, { endStream: false }));
      stream.on("error", () => names.push(currentVirtualCluster()));
      stream.on("close", () => names.push(currentVirtualCluster()));
      stream.resume();
      if (stream.pending) await once(stream, "ready");
      const closed = new Promise((resolve) => stream.on("close", resolve));
      runInVirtualCluster("vc-9", () => end(own, stream));
      await closed;
      own.destroy();
      expect({ how, names: [...new Set(names)] }).toEqual({ how, names: ["vc-1"] });
    }
    await silent.close();
  });
});

test("of 400 interleaved requests over one session, each with its own name or none, none goes out or comes back with another's", async () => {
  console.log(`seed ${seed} (PUGGLE_SEED=${seed} repeats the run)`);
  session.destroy();
  session = runInVirtualCluster("vc-opener", () => connect(target.origin));
  const failures = stats().failures;
  const wrong: string[] = [];
  await Promise.all(
    Array.from({ length: 400 }, (_, index) => {
      const name = random() < 0.4 ? undefined : `vc-${index}`;
      return runInVirtualCluster(name, async () => {
        await pause();
        const { names } = await askHttp2(session, {}, random() < 0.5 ? undefined : "a body");
        if (names.join() !== (name ?? "") || currentVirtualCluster() !== name) wrong.push(`${names} for ${name}`);
      });
    }),
  );
  expect(wrong).toEqual([]);
  expect(stats().failures).toBe(failures);
});
