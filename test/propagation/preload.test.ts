import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const here = import.meta.dirname;
const packageFolder = dirname(createRequire(import.meta.url).resolve("@puggle/propagation/package.json"));

/** A service that calls itself, and prints the names that arrived over the wire for a call with a name and for one without. */
const SERVICE = `
const seen = [];
const server = http.createServer(async (request, response) => {
  if (request.url === "/down") {
    seen.push(request.rawHeaders.filter((_, index, all) => index % 2 === 1 && all[index - 1].toLowerCase() === "virtual-cluster-name"));
    return response.end();
  }
  const origin = "http://127.0.0.1:" + server.address().port + "/down";
  await fetch(origin);
  await new Promise((resolve) => http.get(origin, { agent: false }, (answer) => answer.resume().on("end", resolve)));
  response.end();
});
server.listen(0, "127.0.0.1", async () => {
  const send = (headers) => new Promise((resolve) => http.get({ port: server.address().port, host: "127.0.0.1", agent: false, headers }, (answer) => answer.resume().on("end", resolve)));
  await send({ "virtual-cluster-name": "vc-1" });
  await send({});
  console.log(JSON.stringify(seen));
  process.exit();
});
`;
const CARRIED = [["vc-1"], ["vc-1"], [], []];
const NOT_CARRIED = [[], [], [], []];

let folder: string;

beforeAll(() => {
  // Nothing but the package: what it does here it does without OpenTelemetry, Express or a schema library at hand.
  folder = mkdtempSync(join(tmpdir(), "puggle-"));
  const installed = join(folder, "node_modules/@puggle/propagation");
  mkdirSync(installed, { recursive: true });
  cpSync(join(packageFolder, "package.json"), join(installed, "package.json"));
  for (const format of ["esm", "cjs"]) cpSync(join(packageFolder, "dist", format), join(installed, "dist", format), { recursive: true });
  writeFileSync(join(folder, "service.mjs"), `import http from "node:http";${SERVICE}`);
  writeFileSync(join(folder, "service.cjs"), `const http = require("node:http");${SERVICE}`);
  writeFileSync(
    join(folder, "calls-register.mjs"),
    `import http from "node:http"; import { register } from "@puggle/propagation"; register();${SERVICE}`,
  );
  writeFileSync(
    join(folder, "calls-register.cjs"),
    `const http = require("node:http"); require("@puggle/propagation").register();${SERVICE}`,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

async function node(args: string[], env: Record<string, string> = {}, cwd = folder): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, args, { cwd, env: { PATH: process.env.PATH ?? "", ...env } });
}

const IMPORT = ["--import", "@puggle/propagation/register"];
const REQUIRE = ["--require", "@puggle/propagation/register"];

describe("the name is carried, with nothing else installed,", () => {
  test.each([
    ["an ES module that calls register()", ["calls-register.mjs"]],
    ["a CommonJS module that calls register()", ["calls-register.cjs"]],
    ["--import before an ES module", [...IMPORT, "service.mjs"]],
    ["--import before a CommonJS module", [...IMPORT, "service.cjs"]],
    ["--require before an ES module", [...REQUIRE, "service.mjs"]],
    ["--require before a CommonJS module", [...REQUIRE, "service.cjs"]],
    ["--import and --require and register(), which are three copies of one hook", [...IMPORT, ...REQUIRE, "calls-register.cjs"]],
  ])("by %s", async (_, args) => {
    const { stdout, stderr } = await node(args);
    expect(JSON.parse(stdout)).toEqual(CARRIED);
    expect(stderr).toBe("");
  });
});

describe("the environment", () => {
  test("PUGGLE_PROPAGATION=off leaves the service as if the library were not there", async () => {
    const { stdout } = await node([...IMPORT, "service.mjs"], { PUGGLE_PROPAGATION: "off" });
    expect(JSON.parse(stdout)).toEqual(NOT_CARRIED);
  });

  test("PUGGLE_TARGETS says where the name may go", async () => {
    expect(JSON.parse((await node([...IMPORT, "service.mjs"], { PUGGLE_TARGETS: "*.svc" })).stdout)).toEqual(NOT_CARRIED);
    expect(JSON.parse((await node([...IMPORT, "service.mjs"], { PUGGLE_TARGETS: "*.svc,127.0.0.0/8" })).stdout)).toEqual(CARRIED);
  });

  test("a fault in it is one warning, and the service runs with the default", async () => {
    const { stdout, stderr } = await node([...IMPORT, "service.mjs"], { PUGGLE_TARGETS: "http://x" });
    expect(JSON.parse(stdout)).toEqual(CARRIED);
    expect(stderr.match(/PuggleWarning/g)).toHaveLength(1);
    expect(stderr).toContain('"http://x" is no target');
  });
});

test("the ES module and the CommonJS copy share one scope, one set of hooks and one set of counters", async () => {
  writeFileSync(
    join(folder, "both.mjs"),
    `import { createRequire } from "node:module";
     import * as esm from "@puggle/propagation";
     const cjs = createRequire(import.meta.url)("@puggle/propagation");
     const { Server } = await import("node:http");
     esm.register();
     const emit = Server.prototype.emit;
     const options = cjs.register({ targets: ["orders"] });
     console.log(JSON.stringify([
       esm === cjs,
       emit === Server.prototype.emit,
       esm.register().targets,
       options.targets,
       esm.runInVirtualCluster("vc-1", () => cjs.currentVirtualCluster()),
       cjs.runInVirtualCluster("vc-2", () => esm.currentVirtualCluster()),
       esm.stats(),
     ]) === JSON.stringify([false, true, ["orders"], ["orders"], "vc-1", "vc-2", cjs.stats()]));`,
  );
  expect((await node(["both.mjs"])).stdout.trim()).toBe("true");
});

test.each([
  ["--import", IMPORT],
  ["--require", REQUIRE],
])("%s does not change which undici a service uses: undici 6 keeps its own options on every Node", async (_, preload) => {
  const script = join(folder, "redirects.cjs");
  writeFileSync(
    script,
    `const { createServer } = require("node:http");
     const undici = require(${JSON.stringify(createRequire(import.meta.url).resolve("undici6"))});
     const server = createServer((request, response) => {
       if (request.url === "/") response.writeHead(302, { location: "/end" });
       response.end(request.url);
     }).listen(0, "127.0.0.1", async () => {
       const { body } = await undici.request("http://127.0.0.1:" + server.address().port, { maxRedirections: 1 });
       console.log(await body.text());
       process.exit();
     });`,
  );
  expect((await node([...preload, script])).stdout.trim()).toBe("/end");
  expect((await node([...preload, script], {}, here)).stdout.trim()).toBe("/end");
});

test("the built-in fetch works after a copy of undici was loaded, and after one was not", async () => {
  const script = join(folder, "fetch-after.cjs");
  writeFileSync(
    script,
    `const { createServer } = require("node:http");
     const server = createServer((request, response) => response.end("ok")).listen(0, "127.0.0.1", async () => {
       const origin = "http://127.0.0.1:" + server.address().port;
       const answers = [await (await fetch(origin)).text()];
       for (const undici of process.argv.slice(2)) {
         answers.push(await (await require(undici).request(origin)).body.text(), await (await fetch(origin)).text());
       }
       console.log(answers.join());
       process.exit();
     });`,
  );
  const copies = ["undici6", "undici7", "undici"].map((name) => createRequire(import.meta.url).resolve(name));
  for (const order of [copies, copies.toReversed(), []]) {
    const { stdout } = await node([...REQUIRE, script, ...order]);
    expect(stdout.trim()).toBe(
      Array(1 + order.length * 2)
        .fill("ok")
        .join(),
    );
  }
});
