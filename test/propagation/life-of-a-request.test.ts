import { once } from "node:events";
import http, { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register, stats } from "@puggle/propagation";
import { virtualCluster } from "@puggle/propagation/express";
import express5 from "express";
import express4 from "express4";
import { Agent, interceptors, request as undiciRequest } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen, listenOn } from "./loopback.ts";
import { getJson, HEADER } from "./requests.ts";

/** Where the name was looked for, and what was found. */
type Sightings = Record<string, string | undefined>;

let downstream: Loopback;

beforeAll(async () => {
  register();
  downstream = await listen((_, response) => {
    response.write("a");
    setTimeout(() => response.end("b"), 5);
  });
});

afterAll(() => downstream.close());

beforeEach(() => {
  register({ inbound: true });
});

/** Looks for the name in every event of a request and its response, and in what these start. */
async function lookEverywhere(request: IncomingMessage, response: ServerResponse, seen: Sightings): Promise<void> {
  const look = (place: string) => {
    seen[place] = currentVirtualCluster();
  };
  const finished = Promise.all([once(response, "close"), once(request, "close")]);
  look("at once");
  for (const event of ["data", "end", "close"]) request.on(event, () => look(`request ${event}`));
  for (const event of ["prefinish", "finish", "close"]) response.on(event, () => look(`response ${event}`));
  setTimeout(() => look("timer"), 1);
  setImmediate(() => look("immediate"));
  process.nextTick(() => look("next tick"));
  queueMicrotask(() => look("microtask"));
  await once(request, "end");
  await sleep(10);
  look("after await");

  const { body } = await undiciRequest(downstream.origin);
  body.on("data", () => look("undici data"));
  body.on("end", () => look("undici end"));
  await once(body, "close");
  await new Promise<void>((resolve, reject) => {
    const outgoing = http.get(downstream.origin, (incoming) => {
      look("http response");
      incoming.on("data", () => look("http data"));
      incoming.on("end", () => look("http end"));
      incoming.on("close", resolve);
    });
    for (const event of ["socket", "finish", "close"]) outgoing.on(event, () => look(`http ${event}`));
    outgoing.on("error", reject);
  });
  for await (const _ of (await fetch(downstream.origin)).body ?? []) look("fetch iteration");

  response.end("{}");
  await finished;
}

const PLACES = [
  ...["at once", "timer", "immediate", "next tick", "microtask", "after await"],
  ...["request data", "request end", "request close", "response prefinish", "response finish", "response close"],
  ...["undici data", "undici end", "fetch iteration"],
  ...["http response", "http data", "http end", "http socket", "http finish", "http close"],
];

function all(name: string | undefined): Sightings {
  return Object.fromEntries(PLACES.map((place) => [place, name]));
}

type Start = (handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>) => Promise<Loopback>;

const servers: Record<string, Start> = {
  "node:http": (handler) => listen(handler as RequestListener),
  "Express 5 with the server hook": (handler) => listen(express5().post("/", handler)),
  "Express 4 with the server hook": (handler) => listen(express4().post("/", handler)),
  "Express 5 with the middleware": (handler) => {
    register({ inbound: false });
    return listen(express5().use(virtualCluster()).post("/", handler));
  },
  "Express 4 with the middleware": (handler) => {
    register({ inbound: false });
    return listen(express4().use(virtualCluster()).post("/", handler));
  },
};

describe.each(Object.entries(servers))("in %s", (_, start) => {
  test("the name is there in the whole life of a request, and in no other's", async () => {
    const seen = new Map<string | undefined, Sightings>();
    const service = await start(async (request, response) => {
      const sightings: Sightings = {};
      seen.set(request.headers[HEADER]?.toString(), sightings);
      await lookEverywhere(request, response, sightings);
    });
    const names = ["vc-1", undefined, "vc-2", undefined, "vc-3"];
    await Promise.all(names.map((name) => getJson(service.origin, name === undefined ? {} : { [HEADER]: name }, "body")));
    await sleep(20);
    await service.close();
    for (const name of names) expect(seen.get(name)).toEqual(all(name));
  });

  test("a request without a name that follows one with a name over the same connection has none", async () => {
    const seen: (string | undefined)[] = [];
    const service = await start(async (request, response) => {
      seen.push(currentVirtualCluster());
      request.resume();
      request.on("end", () => {
        seen.push(currentVirtualCluster());
        response.end("{}");
      });
    });
    const client = new Agent({ connections: 1 });
    for (const headers of [{ [HEADER]: "vc-1" }, {}, { [HEADER]: "vc-2" }, {}]) {
      const { body } = await undiciRequest(service.origin, { method: "POST", body: "x", headers, dispatcher: client });
      await body.dump();
    }
    await client.close();
    await service.close();
    expect(seen).toEqual(["vc-1", "vc-1", undefined, undefined, "vc-2", "vc-2", undefined, undefined]);
  });
});

test("a request and a response that another request's code drives still have their own name in their events", async () => {
  let waiting: ServerResponse | undefined;
  const seen: Sightings = {};
  const service = await listen((request, response) => {
    if (request.url === "/wait") {
      waiting = response;
      response.on("finish", () => {
        seen[`response of ${request.headers[HEADER] ?? "none"}`] = currentVirtualCluster();
      });
      request.on("nudge", () => {
        seen[`request of ${request.headers[HEADER] ?? "none"}`] = currentVirtualCluster();
      });
      return;
    }
    waiting?.req.emit("nudge");
    waiting?.end("{}");
    response.end("{}");
  });
  for (const [first, second] of [
    [{ [HEADER]: "vc-1" }, { [HEADER]: "vc-2" }],
    [{}, { [HEADER]: "vc-2" }],
  ]) {
    const slow = getJson(`${service.origin}/wait`, first);
    await sleep(20);
    await getJson(service.origin, second);
    await slow;
  }
  await service.close();
  expect(seen).toEqual({
    "request of vc-1": "vc-1",
    "response of vc-1": "vc-1",
    "request of none": undefined,
    "response of none": undefined,
  });
});

test("the middleware does nothing where the server hook has made a scope already", async () => {
  const before = stats().received.header;
  const service = await listen(
    express5()
      .use(virtualCluster())
      .get("/", (_, response) => {
        response.json({ name: currentVirtualCluster() });
      }),
  );
  expect((await getJson(service.origin, { [HEADER]: "vc-1" })).json).toEqual({ name: "vc-1" });
  await service.close();
  expect(stats().received.header).toBe(before + 1);
});

test.each(["upgrade", "connect"])("the events of a socket that was handed over by %s have the name", async (event) => {
  const seen: Sightings = {};
  const server = createServer();
  server.on(event, (_: IncomingMessage, socket: NodeJS.ReadWriteStream & { end(): void }) => {
    seen["at once"] = currentVirtualCluster();
    socket.on("data", () => {
      seen.data = currentVirtualCluster();
      socket.end();
    });
    socket.on("close", () => {
      seen.close = currentVirtualCluster();
    });
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
  });
  const service = await listenOn(server);
  const handedOver = once(server, event);
  const client = connect(service.port, "127.0.0.1");
  const target = event === "connect" ? "CONNECT x:80" : "GET /";
  client.write(`${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n${HEADER}: vc-1\r\n\r\n`);
  const [, socket] = await handedOver;
  const closed = once(socket, "close");
  await once(client, "data");
  client.write("hello");
  await closed;
  await service.close();
  expect(seen).toEqual({ "at once": "vc-1", data: "vc-1", close: "vc-1" });
});

test.each(["checkContinue", "checkExpectation"])("the server's %s event has the name", async (event) => {
  const server = createServer();
  let seen: string | undefined;
  server.on(event, (_: IncomingMessage, response: ServerResponse) => {
    seen = currentVirtualCluster();
    response.end("{}");
  });
  const service = await listenOn(server);
  await getJson(service.origin, { [HEADER]: "vc-1", expect: event === "checkContinue" ? "100-continue" : "something" });
  await service.close();
  expect(seen).toBe("vc-1");
});

test("interceptors of undici find the name, and so do the retries and redirects that they make", async () => {
  const seen: (string | undefined)[] = [];
  const service = await listen(async (_, response) => {
    const dispatcher = new Agent().compose(
      (dispatch) => (options, handler) => {
        seen.push(currentVirtualCluster());
        return dispatch(options, handler);
      },
      interceptors.redirect({ maxRedirections: 1 }),
    );
    await (await undiciRequest(`${redirecting.origin}/`, { dispatcher })).body.dump();
    await dispatcher.close();
    response.end("{}");
  });
  const redirecting = await listen((request, response) => {
    if (request.url === "/") response.writeHead(302, { location: "/there" });
    response.end();
  });
  await getJson(service.origin, { [HEADER]: "vc-1" });
  await service.close();
  await redirecting.close();
  expect(seen).toEqual(["vc-1", "vc-1"]);
});
