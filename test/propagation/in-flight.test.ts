import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { findNode, nodeVersions } from "./node-versions/find-node.ts";
import { HEADER } from "./requests.ts";

/** How many requests with a name are in flight is what a call from nowhere is judged by: a count that stays up makes each of them look lost. */
const run = promisify(execFile);
const resolve = createRequire(import.meta.url).resolve;

const SCRIPT = `
const http = require("node:http");
const http2 = require("node:http2");
const net = require("node:net");
const { Writable } = require("node:stream");
const { setTimeout: sleep } = require("node:timers/promises");
const load = (id) => require(id);
const propagation = load(${JSON.stringify(resolve("@puggle/propagation"))});
const express = load(${JSON.stringify(resolve("express"))});
const fastify = load(${JSON.stringify(resolve("fastify"))});
const forExpress = load(${JSON.stringify(resolve("@puggle/propagation/express"))});
const forFastify = load(${JSON.stringify(resolve("@puggle/propagation/fastify"))});
const state = Reflect.get(require("node:async_hooks").AsyncLocalStorage, Symbol.for("puggle.dev/propagation/v1"));
const left = {};
let most = 0;
/** Waits until none is in flight, or long enough, and notes how many are. */
async function note(what) {
  for (let waited = 0; state.namedInFlight !== 0 && waited < 1000; waited += 20) await sleep(20);
  left[what] = state.namedInFlight;
  state.namedInFlight = 0;
}
const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
const head = (path, method = "GET", more = "") => method + " " + path + " HTTP/1.1\\r\\nHost: x\\r\\n${HEADER}: vc-1\\r\\n" + more + "\\r\\n";

const paths = ["/", "/204", "/hang", "/destroy", "/cut", "/partly", "/destroy-request"];
function handle(request, response) {
  most = Math.max(most, state.namedInFlight);
  request.on("error", () => {});
  response.on("error", () => {});
  const destroy = () => (response.stream ?? response).destroy();
  if (request.url === "/hang") return;
  if (request.url === "/204") response.writeHead(204).end();
  else if (request.url === "/destroy") destroy();
  else if (request.url === "/cut") (response.stream ?? response.socket ?? response).destroy();
  else if (request.url === "/partly") response.write("x"), setTimeout(destroy, 5);
  else if (request.url === "/destroy-request") request.destroy();
  else response.end("ok");
}

async function main() {
  propagation.register();
  const server = http.createServer({ requestTimeout: 200, headersTimeout: 200, connectionsCheckingInterval: 30 }, handle);
  server.on("upgrade", (_, socket) => socket.destroy());
  const port = await listen(server);
  const hangUp = (text, after = 20) => new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("error", () => {}).resume();
    setTimeout(() => { socket.destroy(); done(); }, after);
  });
  for (let index = 0; index < 10; index++) await hangUp(head("/hang") + head("/") + head("/"));
  await note("pipelined behind one that hangs");
  for (const path of paths) await hangUp(head(path) + head("/hang") + head("/"));
  await note("pipelined behind each");
  for (const path of paths) await Promise.all([hangUp(head(path)), hangUp(head(path, "HEAD")), hangUp(head(path, "POST", "Content-Length: 5\\r\\n"))]);
  await note("each, and half a body");
  for (const path of paths) await hangUp(head(path, "POST", "Transfer-Encoding: chunked\\r\\n") + "zz\\r\\n");
  await note("with a chunk that is none");
  await hangUp(head("/hang") + "GARBAGE\\r\\n\\r\\n");
  await note("with garbage behind it");
  await hangUp(head("/hang") + head("/", "GET", "Upgrade: x\\r\\nConnection: Upgrade\\r\\n"));
  await note("with an upgrade behind it");
  await hangUp(head("/", "GET", "Expect: banana\\r\\n"));
  await hangUp(head("x:1", "CONNECT"));
  await note("with an expectation, CONNECT");
  await hangUp(head("/hang", "POST", "Content-Length: 5\\r\\n"), 500);
  await note("timed out");

  const forgetful = await listen(http.createServer((request, response) => {
    most = Math.max(most, state.namedInFlight);
    response.req = null;
    if (request.url !== "/hang") setTimeout(() => response.end("ok"), 5);
  }));
  for (const path of ["/", "/", "/"]) await new Promise((done) => {
    const socket = net.connect(forgetful, "127.0.0.1", () => socket.write(head(path)));
    socket.on("error", () => {}).resume();
    setTimeout(() => { socket.destroy(); done(); }, 30);
  });
  await note("with a response that forgot its request");

  const other = await listen(http.createServer((request, response) => {
    if (request.url === "/replaced") response.req = {};
    if (request.url === "/deleted") delete response.req;
    if (request.url === "/second") new http.ServerResponse(request).end();
    setTimeout(() => {
      seconds.push(state.namedInFlight);
      response.end("ok");
    }, 5);
  }));
  const seconds = [];
  for (const path of ["/replaced", "/deleted", "/second"]) await new Promise((done) => {
    const socket = net.connect(other, "127.0.0.1", () => socket.write(head(path)));
    socket.on("error", () => {}).resume();
    setTimeout(() => { socket.destroy(); done(); }, 30);
  });
  if (seconds.join() !== "1,1,1") left["while they are answered"] = seconds;
  const late = http.createServer(express().get("/", (_, response) => response.end("ok")));
  for (let index = 0; index < 3; index++) {
    const request = Object.assign(new http.IncomingMessage(null), { method: "GET", url: "/", rawHeaders: ["${HEADER}", "vc-1"], headers: {} });
    const response = new http.ServerResponse({ method: "GET" });
    response.assignSocket(new Writable({ write: (_chunk, _encoding, done) => done() }));
    await new Promise((done) => { response.once("finish", done); late.emit("request", request, response); });
  }
  await note("with a response that is given another request, none, a second one, or its own too late");

  async function askOverHttp2(listener) {
    const port2 = await listen(http2.createServer(listener).on("sessionError", () => {}));
    for (const path of paths) {
      const session = http2.connect("http://127.0.0.1:" + port2).on("error", () => {});
      for (const method of ["GET", "HEAD", "POST"]) session.request({ ":path": path, ":method": method, "${HEADER}": "vc-1" }).on("error", () => {}).resume();
      session.request({ ":path": path, "${HEADER}": "vc-1" }).on("error", () => {}).close(8);
      await sleep(20);
      session.destroy();
    }
  }
  await askOverHttp2(handle);
  await note("over HTTP/2");

  propagation.register({ inbound: false });
  const injected = fastify();
  await injected.register(forFastify.virtualCluster());
  const names = new Set();
  injected.get("/", async () => names.add(propagation.currentVirtualCluster()) && "");
  for (let index = 0; index < 5; index++) await injected.inject({ url: "/", headers: { "${HEADER}": "vc-1" } });
  await note("injected into Fastify");
  const middleware = forExpress.virtualCluster();
  most = 0;
  await askOverHttp2((request, response) => middleware(request, response, () => handle(request, response)));
  await note("over HTTP/2, by a middleware alone");
  const slow = (listener) => (request, response) => setTimeout(() => middleware(request, response, () => listener(request, response)), 60);
  const slowPort = await listen(http.createServer(slow(handle)));
  for (const path of paths) await Promise.all(["GET", "HEAD"].map((method) => new Promise((done) => {
    const socket = net.connect(slowPort, "127.0.0.1", () => socket.write(head(path, method)));
    setTimeout(() => { socket.destroy(); done(); }, 10);
  })));
  await askOverHttp2(slow(handle));
  await sleep(100);
  await note("over before the middleware came");
  const app = express().use(forExpress.virtualCluster());
  app.get("/", (_, response) => names.add(propagation.currentVirtualCluster()) && response.end());
  for (let index = 0; index < 5; index++) {
    const request = Object.assign(new http.IncomingMessage(null), { method: "GET", url: "/", headers: { "${HEADER}": "vc-1" } });
    const response = new http.ServerResponse(request);
    response.assignSocket(new Writable({ write: (_chunk, _encoding, done) => done() }));
    await new Promise((done) => { response.once("finish", done); app(request, response); });
  }
  await note("answered by a response without a server");
  const before = propagation.stats().lost;
  const plain = await listen(http.createServer((_, response) => response.end()));
  await fetch("http://127.0.0.1:" + plain).then((response) => response.text());
  const { lost, failures } = propagation.stats();
  console.log(JSON.stringify({ left, names: [...names], wereInFlight: most > 0, lost: lost - before, failures }));
  process.exit();
}
main();
`;

const supported = [...new Set([nodeVersions.oldest, ...nodeVersions.supported])];

describe.each(supported)("on Node.js %s, no request with a name stays in flight", (version) => {
  test("that was hung up on, cut off, timed out, or answered without a server", { timeout: 120_000 }, async () => {
    const { stdout } = await run(await findNode(version), ["-e", SCRIPT], { timeout: 60_000, env: { ...process.env, NODE_OPTIONS: "" } });
    const { left, ...rest } = JSON.parse(stdout) as { left: Record<string, number>; [key: string]: unknown };
    expect(Object.keys(left)).toHaveLength(15);
    expect(Object.entries(left).filter(([, count]) => count !== 0)).toEqual([]);
    expect(rest).toEqual({ names: ["vc-1"], wereInFlight: true, lost: 0, failures: 0 });
  });
});
