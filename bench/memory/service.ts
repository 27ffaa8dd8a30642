/**
 * The service whose heap is measured: each request to it makes one call through a proxy, to a host of its own, and adds baggage of its own; by turns
 * with `node:http` and with undici. Started with the port of that proxy; says where it listens, and answers the message `heap`
 * with the size of its heap after collection.
 */
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { stats } from "@puggle/propagation";
import { Pool } from "undici";

const CONNECTIONS = 8;

const proxy = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const pool = new Pool(`http://127.0.0.1:${proxy}`, { connections: CONNECTIONS, pipelining: 4 });

function callByHttp(path: string, baggage: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port: proxy, path, agent, headers: { baggage } }, (response) =>
      response.resume().on("end", resolve),
    );
    request.on("error", reject);
  });
}

async function callByUndici(path: string, baggage: string): Promise<void> {
  await (await pool.request({ path, method: "GET", headers: { baggage } })).body.dump();
}

let requests = 0;
const server = createServer(async (request, response) => {
  requests += 1;
  const id = request.url?.slice(1);
  await (requests % 2 === 0 ? callByHttp : callByUndici)(`http://host-${id}.svc/`, `key-${id}=value-${id}`);
  response.end();
});
server.keepAliveTimeout = 600_000;
server.maxRequestsPerSocket = 0;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on("message", async () => {
  for (let pass = 0; pass < 4; pass++) {
    await delay(100);
    globalThis.gc?.();
  }
  const { received, sent, failures } = stats();
  process.send?.({ heapBytes: process.memoryUsage().heapUsed, received: received.header, sent, failures });
});
process.on("disconnect", () => process.exit());
