import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket, WebSocketServer } from "ws";
import { type Loopback, listen, listenOn, valuesOnTheWire } from "../../loopback.ts";
import { HEADER } from "../../requests.ts";
import { checkPlaces, inOwnVirtualCluster, namedInFlight, names, outcomeOf, until } from "./expectations.ts";
import { idOf } from "./service.ts";
import { ID, look, sightingsOf } from "./sightings.ts";
import { versionOf } from "./versions.ts";
import type { OtherWayIn } from "./way.ts";

const VERSION = versionOf("ws");
const EVENTS = ["connection", "message", "message, after await", "ping", "pong", "close"];

/** An upgrade, and all that comes over the socket then. The adapters are middleware, which no upgrade reaches. */
export const webSocketWays: readonly OtherWayIn[] = [false, true].map((isCompressed) => ({
  way: isCompressed ? "WebSocket (ws), compressed" : "WebSocket (ws)",
  version: VERSION,
  by: "preload",
  check: () => checkWebSockets(isCompressed),
}));

async function checkWebSockets(isCompressed: boolean) {
  const headers = new Map<string, readonly string[]>();
  const downstream = await listen((request, response) => {
    headers.set(request.url ?? "", valuesOnTheWire(request, HEADER));
    response.end("{}");
  });
  const service = await openService(downstream, isCompressed);
  const prefix = isCompressed ? "compressed" : "plain";
  const checkEach = async (what: string, unnamed?: string) => {
    const given = names(40).map((name, index) => ({ name, id: `${prefix} ${what} ${index}` }));
    await Promise.all(given.map(({ name, id }) => talk(service, id, name, isCompressed)));
    await until(() => given.every(({ id }) => "close" in sightingsOf(id)));
    for (const { name, id } of given) checkPlaces(id, name ?? unnamed, EVENTS);
    for (const { name, id } of given) {
      assert.deepEqual(
        headers.get(`/${encodeURIComponent(id)}`),
        [name ?? unnamed].filter((each) => each !== undefined),
        id,
      );
    }
  };
  const outcomes = {
    "life of a socket": await outcomeOf(() => checkEach("life")),
    "client abort": await outcomeOf(async () => {
      const given = names(8).map((name, index) => ({ name, id: `${prefix} abort ${index}` }));
      await Promise.all(given.map(({ name, id }) => talk(service, id, name, isCompressed, "terminate")));
      await until(() => given.every(({ id }) => "close" in sightingsOf(id)));
      for (const { name, id } of given) checkPlaces(id, name, ["connection", "message", "close"]);
    }),
    "the process's own virtual cluster": await outcomeOf(() => inOwnVirtualCluster("vc-own", true, () => checkEach("own", "vc-own"))),
    "nothing is left in flight": await outcomeOf(() => until(() => namedInFlight() === 0)),
  };
  await service.close();
  await downstream.close();
  return outcomes;
}

/** Echoes what it gets, after a call downstream for the first message of each socket. */
async function openService(downstream: Loopback, isCompressed: boolean): Promise<Loopback> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: isCompressed && { threshold: 0, concurrencyLimit: 2 } });
  sockets.on("connection", (socket: WebSocket, request: IncomingMessage) => {
    const id = decodeURIComponent(idOf(request));
    look(id, "connection");
    for (const event of ["message", "ping", "pong", "close"]) socket.on(event, () => lookOften(id, event));
    socket.on("error", () => {});
    socket.once("message", async () => {
      await fetch(`${downstream.origin}/${encodeURIComponent(id)}`);
      lookOften(id, "message, after await");
      socket.ping();
      socket.send("called");
    });
    socket.on("message", (message) => socket.send(message));
  });
  return listenOn(server);
}

/** Many messages come over one socket: one that found another name than the one before is kept. */
function lookOften(id: string, place: string): void {
  const seen = sightingsOf(id);
  const before = seen[place];
  const isFirst = !(place in seen);
  look(id, place);
  if (!isFirst && before !== seen[place]) seen[place] = `${before}, then ${seen[place]}`;
}

/** Sends messages over a socket until all have come back. */
async function talk(
  { port }: Loopback,
  id: string,
  name: string | undefined,
  perMessageDeflate: boolean,
  end: "close" | "terminate" = "close",
): Promise<void> {
  await sleep(Math.random() * 10);
  const headers = { [ID]: encodeURIComponent(id), ...(name === undefined ? {} : { [HEADER]: name }) };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers, perMessageDeflate });
  let came = 0;
  const all = new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", () => {
      came += 1;
      if (came === 6) resolve();
    });
  });
  await once(socket, "open");
  for (const size of [1000, 20_000, 500, 10_000, 2000]) {
    socket.send("x".repeat(size));
    socket.ping();
  }
  await all;
  const closed = once(socket, "close");
  socket[end]();
  await closed;
}
