/**
 * The service that is measured: Express 5, a few awaits, one undici call. Started with the name of an arm and the port of the downstream server; says
 * where it listens, and answers the message `cpu` with the CPU time that it has used, in microseconds.
 */
import { createRequire } from "node:module";
import { ARMS } from "./arms.ts";

const require = createRequire(import.meta.url);
const [, , armName, downstreamPort] = process.argv;
const arm = ARMS.find(({ name }) => name === armName);
if (arm === undefined) throw new Error(`no arm ${armName}`);

const { middleware, outboundHeaders = () => ({}) } = arm.prepare();
const express = require("express") as typeof import("express");
const { Pool } = require("undici") as typeof import("undici");

const pool = new Pool(`http://127.0.0.1:${downstreamPort}`, { connections: 32 });
const app = express();
app.disable("x-powered-by");
app.set("etag", false);
if (middleware !== undefined) app.use(middleware);
app.get("/", async (_request, response) => {
  for (let step = 0; step < 12; step++) await Promise.resolve();
  const { body } = await pool.request({ path: "/", method: "GET", headers: outboundHeaders() });
  response.end(await body.text());
});

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  process.send?.({ port: address.port });
});
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on("disconnect", () => process.exit());
