import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { findNode, nodeVersions } from "./node-versions/find-node.ts";
import { HEADER } from "./requests.ts";

/** A scope is entered by a frame that is kept, where Node.js has frames: what other storages hold, and what async hooks see, must not change. */
const run = promisify(execFile);
const resolve = createRequire(import.meta.url).resolve;

const SCRIPT = `
const { AsyncLocalStorage, createHook } = require("node:async_hooks");
const http = require("node:http");
const propagation = require(${JSON.stringify(resolve("@puggle/propagation"))});
let runs = 0;
const { run } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.run = function (...values) {
  runs += 1;
  return run.apply(this, values);
};
const others = new AsyncLocalStorage();
const seen = [];
let scopes = 0;
let destroyed = 0;
const ids = new Set();
const hook = createHook({
  init(id, type) { if (type === "PUGGLE_SCOPE") { scopes += 1; ids.add(id); } },
  destroy(id) { if (ids.has(id)) destroyed += 1; },
});
async function main() {
  propagation.register();
  const server = http.createServer((request, response) => {
    request.on("end", () => seen.push(["end", others.getStore(), propagation.currentVirtualCluster()]));
    response.on("close", () => seen.push(["close", others.getStore(), propagation.currentVirtualCluster()]));
    request.resume();
    setTimeout(() => response.end([others.getStore(), propagation.currentVirtualCluster()].join()), 1);
  });
  const { emit } = server;
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true });
  const ask = (name) => new Promise((done) => {
    http.get({ port, host: "127.0.0.1", agent, headers: name === undefined ? {} : { "${HEADER}": name } }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk)).on("end", () => setTimeout(done, 5, text));
    });
  });
  const answers = {};
  for (const name of ["vc-1", undefined]) answers["alone " + name] = [await ask(name), await ask(name)];
  runs = 0;
  await ask("vc-1");
  await ask(undefined);
  const runsWhenKnown = runs;
  let requests = 0;
  server.emit = function (...values) {
    return values[0] === "request" ? others.run("other-" + (requests += 1), () => emit.apply(this, values)) : emit.apply(this, values);
  };
  for (const name of ["vc-1", undefined, "vc-2"]) answers["among others " + name] = [await ask(name), await ask(name)];
  // As whoever watches a server does: a request that the parser hands over by itself is entered otherwise, see entered-by-parser.test.ts.
  server.emit = function (...values) {
    return emit.apply(this, values);
  };
  await ask("vc-1");
  runs = 0;
  await ask("vc-1");
  const runsWhenWatched = runs;
  hook.enable();
  const many = await Promise.all(Array.from({ length: 300 }, (_, at) => ask("vc-" + at)));
  await new Promise((done) => setTimeout(done, 50));
  hook.disable();
  const wrong = many.filter((answer, at) => answer !== ",vc-" + at).length;
  console.log(JSON.stringify({ answers, runsWhenKnown: runsWhenKnown + runsWhenWatched, wrong, scopes, destroyed, seen: seen.slice(-600), early: seen.slice(0, 4) }));
  process.exit();
}
main();
`;

interface Findings {
  readonly answers: Readonly<Record<string, readonly string[]>>;
  readonly runsWhenKnown: number;
  readonly wrong: number;
  readonly scopes: number;
  readonly destroyed: number;
  readonly seen: readonly (readonly [string, string | null, string | null])[];
  readonly early: readonly (readonly [string, string | null, string | null])[];
}

describe.each([...nodeVersions.supported])("on Node.js %s, a scope that is entered", (version) => {
  const findings = (async () => {
    const { stdout } = await run(await findNode(version), ["-e", SCRIPT], { timeout: 30_000, env: { ...process.env, NODE_OPTIONS: "" } });
    return JSON.parse(stdout) as Findings;
  })();

  test("leaves other storages what they hold", async () => {
    const { answers } = await findings;
    expect(answers).toEqual({
      "alone vc-1": [",vc-1", ",vc-1"],
      "alone undefined": [",", ","],
      "among others vc-1": ["other-1,vc-1", "other-2,vc-1"],
      "among others undefined": ["other-3,", "other-4,"],
      "among others vc-2": ["other-5,vc-2", "other-6,vc-2"],
    });
  });

  test("has the events of its request in it", async () => {
    const { early } = await findings;
    expect(early.map(([, , name]) => name)).toEqual(["vc-1", "vc-1", "vc-1", "vc-1"]);
  });

  test("is one of more names than are kept", async () => {
    const { wrong, seen } = await findings;
    expect(wrong).toBe(0);
    expect(new Set(seen.map(([, , name]) => name)).size).toBe(300);
  });

  test("is an async resource that ends", async () => {
    const { scopes, destroyed } = await findings;
    expect(destroyed).toBe(scopes);
  });

  test("takes no new frame once it is known, where Node.js has frames", async () => {
    const { runsWhenKnown, scopes } = await findings;
    const hasFrames = Number(version.split(".")[0]) >= 24;
    expect(runsWhenKnown > 0).toBe(!hasFrames);
    expect(scopes > 300).toBe(hasFrames);
  });
});
