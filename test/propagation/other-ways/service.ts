/**
 * A service that carries the name by one of the bench's ways. Started with the name of that way; says where it listens.
 *
 * `POST /?to=<url>&from=<place>` calls that URL from a place in the life of the request: its handler, or a listener of its events or of its response's.
 */
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import type { Request } from "express";
import { ARMS, type Client } from "../../../bench/propagation/arms.ts";
import { HEADER } from "../../../bench/propagation/carriers.ts";

type Call = (url: string, headers: Record<string, string>) => Promise<unknown>;

const require = createRequire(import.meta.url);
const arm = ARMS.find(({ name }) => name === process.argv[2]);
if (arm === undefined) throw new Error(`no arm ${process.argv[2]}`);

const CLIENTS: Readonly<Record<Client, () => Call>> = {
  undici: () => {
    const { fetch } = require("undici") as typeof import("undici");
    return async (url, headers) => (await fetch(url, { headers })).text();
  },
  "node:http": () => {
    const http = require("node:http") as typeof import("node:http");
    return (url, headers) =>
      new Promise((resolve, reject) => {
        http.get(url, { headers }, (response) => response.resume().on("end", resolve)).on("error", reject);
      });
  },
};

const { middleware, currentName = () => undefined } = arm.prepare();
const express = require("express") as typeof import("express");
const call = CLIENTS[arm.client]();

function callFrom(request: Request): Promise<unknown> {
  const name = currentName(request);
  return call(`${request.query.to}`, name === undefined ? {} : { [HEADER]: name });
}

const app = express();
if (middleware !== undefined) app.use(middleware);
app.post("/", async (request, response) => {
  const [emitter, event = ""] = `${request.query.from}`.split(" ");
  const listen = emitter === "response" ? response : request;
  const called =
    emitter === "handler"
      ? sleep(Math.random() * 5).then(() => callFrom(request))
      : new Promise((resolve, reject) => listen.once(event, () => callFrom(request).then(resolve, reject)));
  called.catch((error: unknown) => console.error(error));
  request.resume();
  if (emitter !== "response") await called;
  response.end();
});

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  process.send?.({ port: address.port });
});
process.on("disconnect", () => process.exit());
