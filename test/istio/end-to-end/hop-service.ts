/**
 * A service that answers what it got, and first makes the call that the request asks it to make: `x-then` holds the calls, first to last, as JSON of which this one
 * makes the first and sends the rest along. It hands no header on by itself: that is the propagation library's part, where it is loaded.
 */

import { createServer } from "node:http";
import { request } from "undici";
import type { Arrival, Call } from "./hops.ts";

const { POD = "", PORT = "8080", MAKES_CALLS = "yes" } = process.env;

const server = createServer(async (incoming, response) => {
  if (incoming.url === "/healthz") {
    response.end("ok");
    return;
  }
  incoming.resume();
  const { "x-then": then = "[]", host = "", "virtual-cluster-name": header } = incoming.headers;
  const [call, ...rest] = JSON.parse(decodeURIComponent(`${then}`)) as Call[];
  const arrival: Arrival = {
    pod: POD,
    host,
    path: incoming.url ?? "",
    header: header === undefined ? null : `${header}`,
    next: call === undefined || MAKES_CALLS === "no" ? null : await make(call, rest),
  };
  response.setHeader("content-type", "application/json").end(JSON.stringify(arrival));
});

server.on("upgrade", (_, socket) => {
  const answer = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nx-pod: ${POD}\r\n\r\n`;
  socket.end(answer, () => socket.destroy());
});
// Node.js closes what is idle for 5 s, and a sidecar that sends a request on it just then answers 503.
server.keepAliveTimeout = 0;
server.listen(Number(PORT), "0.0.0.0");
process.once("SIGTERM", () => server.close());

async function make({ method, url, headers }: Call, rest: readonly Call[]): Promise<Arrival["next"]> {
  const then = encodeURIComponent(JSON.stringify(rest));
  const { statusCode, headers: answered, body } = await request(url, { method, headers: { ...headers, "x-then": then } });
  const text = await body.text();
  const location = answered.location === undefined ? null : `${answered.location}`;
  return { status: statusCode, location, arrival: text.startsWith("{") ? (JSON.parse(text) as Arrival) : null };
}
