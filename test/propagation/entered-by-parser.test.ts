import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { findNode, nodeVersions } from "./node-versions/find-node.ts";
import { HEADER } from "./requests.ts";

/**
 * Where Node.js keeps frames, a request that its parser hands over is entered and not left: Node.js does that at the end of the parser's call. So nothing that
 * comes after it may be in the scope, and whoever else hands over a request finds itself where it was.
 */
const run = promisify(execFile);
const resolve = createRequire(import.meta.url).resolve;

const START = `
const http = require("node:http");
const net = require("node:net");
const { setTimeout: sleep } = require("node:timers/promises");
const propagation = require(${JSON.stringify(resolve("@puggle/propagation"))});
const name = () => propagation.currentVirtualCluster() ?? "none";
const head = (path, of) => "GET " + path + " HTTP/1.1\\r\\nHost: x\\r\\n" + (of === undefined ? "" : "${HEADER}: " + of + "\\r\\n") + "\\r\\n";
const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));

/** Sends texts over one connection, one after the other, and hangs up. */
async function talk(port, ...texts) {
  const socket = net.connect(port, "127.0.0.1").resume().on("error", () => {});
  for (const text of texts) {
    socket.write(text);
    await sleep(20);
  }
  socket.end();
  await sleep(20);
}

`;

const BY_SERVER = `
${START}
async function main() {
  propagation.register();
  const outside = [];
  const inside = [];
  const answer = (request, response) => {
    inside.push(request.url + " " + name());
    if (request.url === "/throws") throw new Error("thrown on purpose");
    response.end();
  };
  process.on("uncaughtException", (error) => outside.push(error.message));
  const note = (what) => () => outside.push(what + " " + name());

  const server = http.createServer(answer);
  // A listener of its data makes Node.js read the socket in JavaScript, and call the parser from there; this one is called next, by the same event.
  server.on("connection", (socket) => {
    if (reads) socket.on("data", note("data"));
    socket.on("close", note("close"));
  });
  const port = await listen(server);
  let reads = false;
  await talk(port, head("/1", "vc-1"), head("/2"), head("/3", "vc-3") + head("/4") + head("/5", "vc-5"), head("/6"));
  await talk(port, head("/throws", "vc-1"));
  reads = true;
  await talk(port, head("/7", "vc-7"), head("/8"), head("/9", "vc-9") + head("/10"));
  await talk(port, head("/throws", "vc-2"));

  const late = http.createServer(answer);
  late.emit = function (event, ...values) {
    if (event !== "request") return http.Server.prototype.emit.call(this, event, ...values);
    setTimeout(() => {
      http.Server.prototype.emit.call(this, event, ...values);
      note("after a late one")();
    });
    return true;
  };
  await talk(await listen(late), head("/late", "vc-1"), head("/late"));

  const inner = http.createServer(answer);
  const outer = http.createServer((request, response) => {
    const other = Object.assign(new http.IncomingMessage(request.socket), { url: "/inner", rawHeaders: ["${HEADER}", "vc-inner"] });
    inner.emit("request", other, new http.ServerResponse(other));
    inside.push("outer " + name());
    propagation.runInVirtualCluster("vc-else", () => {
      inner.emit("request", request, response);
      inside.push("elsewhere " + name());
    });
  });
  await talk(await listen(outer), head("/", "vc-outer"), head("/"));

  const watched = http.createServer(answer);
  watched.emit = function (event, ...values) {
    const result = http.Server.prototype.emit.call(this, event, ...values);
    if (event === "request") note("after one that is watched")();
    return result;
  };
  await talk(await listen(watched), head("/watched", "vc-1"), head("/watched"));

  const held = [];
  const forgetful = http.createServer((request, response) => {
    response.on("close", () => inside.push(request.url + " closed " + name()));
    response.req = null;
    held.push(response);
    if (held.length === 2) for (const each of held) each.end();
  });
  const forgetfulPort = await listen(forgetful);
  await Promise.all([talk(forgetfulPort, head("/forgotten", "vc-1")), sleep(10).then(() => talk(forgetfulPort, head("/forgotten", "vc-2")))]);
  console.log(JSON.stringify({ inside, outside: [...new Set(outside)].sort(), failures: propagation.stats().failures }));
  process.exit();
}
main();
`;

const BY_MIDDLEWARE = `
${START}
const { virtualCluster } = require(${JSON.stringify(resolve("@puggle/propagation/express"))});
const middleware = virtualCluster();

async function main() {
  propagation.register({ inbound: false });
  const outside = [];
  const inside = [];
  const answer = async (request, response) => {
    inside.push(request.url + " " + name());
    await sleep(1);
    inside.push(request.url + " later " + name());
    response.end();
  };
  const server = http.createServer((request, response) => middleware(request, response, () => answer(request, response)));
  server.on("connection", (socket) => {
    if (reads) socket.on("data", () => outside.push("data " + name()));
    socket.on("close", () => outside.push("close " + name()));
  });
  const port = await listen(server);
  let reads = false;
  await talk(port, head("/1", "vc-1"), head("/2"), head("/3", "vc-3"));
  await talk(port, head("/4", "vc-4") + head("/5") + head("/6", "vc-6"));
  reads = true;
  await talk(port, head("/7", "vc-7"), head("/8"));

  const slow = http.createServer(async (request, response) => {
    await (request.url === "/slow" ? sleep(1) : undefined);
    middleware(request, response, () => answer(request, response));
    outside.push("after " + request.url + " " + name());
  });
  await talk(await listen(slow), head("/slow", "vc-1"), head("/slow"), head("/at-once", "vc-2"), head("/at-once"));

  const outer = http.createServer((request, response) => {
    propagation.runInVirtualCluster("vc-else", () => {
      middleware(request, response, () => answer(request, response));
      outside.push("elsewhere " + name());
    });
  });
  await talk(await listen(outer), head("/outer", "vc-1"), head("/outer"));

  const http2 = require("node:http2");
  const server2 = http2.createServer((request, response) => middleware(request, response, () => answer(request, response)));
  const session = http2.connect("http://127.0.0.1:" + (await listen(server2)));
  for (const headers of [{ ":path": "/h2", "${HEADER}": "vc-1" }, { ":path": "/h2" }]) {
    await new Promise((done) => session.request(headers).resume().on("close", done));
  }
  session.close();
  console.log(JSON.stringify({ inside, outside, failures: propagation.stats().failures, received: propagation.stats().received.header }));
  process.exit();
}
main();
`;

describe.each([...nodeVersions.supported])("on Node.js %s, a request that is entered", (version) => {
  test("leaves all that is not its own where it was", { timeout: 60_000 }, async () => {
    const { stdout } = await run(await findNode(version), ["-e", BY_SERVER], {
      timeout: 30_000,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect(JSON.parse(stdout)).toEqual({
      inside: [
        ...["/1 vc-1", "/2 none", "/3 vc-3", "/4 none", "/5 vc-5", "/6 none", "/throws vc-1"],
        ...["/7 vc-7", "/8 none", "/9 vc-9", "/10 none", "/throws vc-2"],
        ...["/late vc-1", "/late none"],
        ...["/inner vc-inner", "outer vc-outer", "/ vc-outer", "elsewhere vc-else"],
        ...["/inner vc-inner", "outer none", "/ none", "elsewhere vc-else"],
        ...["/watched vc-1", "/watched none"],
        ...["/forgotten closed none", "/forgotten closed none"],
      ],
      outside: ["after a late one none", "after one that is watched none", "close none", "data none", "thrown on purpose"],
      failures: 0,
    });
  });

  test("by a middleware, too", { timeout: 60_000 }, async () => {
    const { stdout } = await run(await findNode(version), ["-e", BY_MIDDLEWARE], {
      timeout: 30_000,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    const { inside, outside, ...counts } = JSON.parse(stdout);
    const told = (path: string, ...names: string[]) => names.flatMap((name) => [`${path} ${name}`, `${path} later ${name}`]);
    expect([...inside].sort()).toEqual(
      [
        ...[told("/1", "vc-1"), told("/2", "none"), told("/3", "vc-3"), told("/4", "vc-4"), told("/5", "none"), told("/6", "vc-6")],
        ...[told("/7", "vc-7"), told("/8", "none"), told("/slow", "vc-1", "none"), told("/at-once", "vc-2", "none")],
        ...[told("/outer", "vc-1", "none"), told("/h2", "vc-1", "none")],
      ]
        .flat()
        .sort(),
    );
    expect(outside).toEqual([
      ...["close none", "close none", "data none", "data none", "close none"],
      ...["after /slow none", "after /slow none", "after /at-once none", "after /at-once none"],
      ...["elsewhere vc-else", "elsewhere vc-else"],
    ]);
    expect(counts).toEqual({ failures: 0, received: 9 });
  });
});
