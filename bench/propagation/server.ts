/**
 * The service that is measured: Express 5, a few awaits, and as many outbound calls as a request asks for, ten at a time. Started with the
 * name of an arm and the port of the downstream server; says where it listens, and answers the message `cpu` with the CPU time that it has
 * used, in microseconds.
 */
import { createRequire } from "node:module";
import type { Request } from "express";
import { ARMS, type Client } from "./arms.ts";
import { HEADER } from "./carriers.ts";

const CONNECTIONS = 32;
const CALLS_AT_A_TIME = 10;

const require = createRequire(import.meta.url);
const [, , armName, downstreamPort] = process.argv;
const arm = ARMS.find(({ name }) => name === armName);
if (arm === undefined) throw new Error(`no arm ${armName}`);

type Call = (headers: Record<string, string>) => Promise<string>;

const CLIENTS: Readonly<Record<Client, () => Call>> = {
  undici: () => {
    const { Pool } = require("undici") as typeof import("undici");
    const pool = new Pool(`http://127.0.0.1:${downstreamPort}`, { connections: CONNECTIONS });
    return async (headers) => (await pool.request({ path: "/", method: "GET", headers })).body.text();
  },
  "node:http": () => {
    const http = require("node:http") as typeof import("node:http");
    const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    return (headers) =>
      new Promise((resolve, reject) => {
        const options = { host: "127.0.0.1", port: downstreamPort, path: "/", agent, headers };
        const request = http.get(options, (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk) => {
            text += chunk;
          });
          response.on("end", () => resolve(text));
        });
        request.on("error", reject);
      });
  },
};

const { middleware, currentName = () => undefined } = arm.prepare();
const express = require("express") as typeof import("express");
const call = CLIENTS[arm.client]();

function callFor(request: Request): Promise<string> {
  const name = currentName(request);
  return call(name === undefined ? {} : { [HEADER]: name });
}

const app = express();
app.disable("x-powered-by");
app.set("etag", false);
if (middleware !== undefined) app.use(middleware);
app.get("/:calls", async (request, response) => {
  for (let step = 0; step < 12; step++) await Promise.resolve();
  const calls = Number(request.params.calls);
  const arrived = new Set<string>();
  for (let sent = 0; sent < calls; sent += CALLS_AT_A_TIME) {
    const batch = Array.from({ length: Math.min(CALLS_AT_A_TIME, calls - sent) }, () => callFor(request));
    for (const name of await Promise.all(batch)) arrived.add(name);
  }
  response.end([...arrived].join());
});

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  // Makes what the service has made so far old, as it is in any service with more to start than this one. Whether the name of a route's parameter
  // is young or old at the first request is else a matter of chance, and a process in which it is old takes about 1 us more for each request.
  globalThis.gc?.();
  process.send?.({ port: address.port });
});
server.keepAliveTimeout = 60_000;
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on("disconnect", () => process.exit());
