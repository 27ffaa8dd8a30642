import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findNode, nodeVersions } from "./node-versions/find-node.ts";

/**
 * The library as a platform team gives it to every service: a folder beside the services, and NODE_OPTIONS in their environment, which reaches every
 * Node.js process of their containers.
 */
const run = promisify(execFile);
const packageFolder = dirname(createRequire(import.meta.url).resolve("@puggle/propagation/package.json"));

/** Prints whether the library is active in this process, by what all its copies share. */
const TELL = `
const state = Reflect.get(require("node:async_hooks").AsyncLocalStorage, Symbol.for("puggle.dev/propagation/v1"));
console.log(state?.settings === undefined ? "inert" : "active");
`;

let folder: string;
let library: string;
let app: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle rollout-"));
  library = join(folder, "library");
  app = join(folder, "app");
  mkdirSync(join(app, "node_modules/typescript/bin"), { recursive: true });
  cpSync(join(packageFolder, "package.json"), join(library, "package.json"));
  for (const format of ["esm", "cjs"]) cpSync(join(packageFolder, "dist", format), join(library, "dist", format), { recursive: true });
  writeFileSync(
    join(app, "package.json"),
    JSON.stringify({ name: "app", scripts: { start: "node service.cjs", build: "node node_modules/typescript/bin/tsc" } }),
  );
  writeFileSync(join(app, "service.cjs"), TELL);
  writeFileSync(join(app, "node_modules/typescript/bin/tsc"), TELL);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command in the app's folder with the library in NODE_OPTIONS. */
async function start(
  command: string,
  args: readonly string[],
  preload: "import" | "require" = "import",
  more: Record<string, string> = {},
) {
  const file = join(library, "dist", preload === "import" ? "esm" : "cjs", "register.js");
  const options = { NODE_OPTIONS: `--${preload} ${JSON.stringify(file)}` };
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  const { stdout, stderr } = await run(command, [...args], { cwd: app, env: { HOME: folder, PATH: path, ...options, ...more } });
  return { stdout: stdout.trim(), stderr };
}

describe.each(["import", "require"] as const)("NODE_OPTIONS with --%s and an absolute path", (preload) => {
  test("switches propagation on in a service that knows nothing of the library", async () => {
    expect(await start(process.execPath, ["service.cjs"], preload)).toEqual({ stdout: "active", stderr: "" });
  });

  test("leaves a build tool alone, unless it is told otherwise", async () => {
    const tool = ["node_modules/typescript/bin/tsc"];
    expect(await start(process.execPath, tool, preload)).toEqual({ stdout: "inert", stderr: "" });
    expect(await start(process.execPath, tool, preload, { PUGGLE_PROPAGATION: "on" })).toEqual({ stdout: "active", stderr: "" });
  });

  test("leaves npm alone, and not the service that npm starts", async () => {
    const { stdout } = await start("npm", ["run", "--silent", "start"], preload);
    expect(stdout).toBe("active");
    expect((await start("npm", ["run", "--silent", "build"], preload)).stdout).toBe("inert");
  });

  test("is switched off by PUGGLE_PROPAGATION", async () => {
    expect(await start(process.execPath, ["service.cjs"], preload, { PUGGLE_PROPAGATION: "off" })).toEqual({ stdout: "inert", stderr: "" });
  });
});

test(`Node.js ${nodeVersions.oldest} is the oldest on which it is active`, { timeout: 120_000 }, async () => {
  const node = await findNode(nodeVersions.oldest);
  for (const preload of ["require", "import"] as const)
    expect(await start(node, ["service.cjs"], preload)).toEqual({ stdout: "active", stderr: "" });
});

describe.each(nodeVersions.tooOld)("Node.js %s, which is too old,", (version) => {
  const line = `@puggle/propagation needs Node.js 20.19 or later, and this is v${version}: virtual-cluster-name is not passed on\n`;

  test("runs the service as if the library were not there, and says so in one line", { timeout: 120_000 }, async () => {
    const node = await findNode(version);
    const preloads = version.startsWith("16.") ? (["require"] as const) : (["require", "import"] as const);
    for (const preload of preloads) expect(await start(node, ["service.cjs"], preload)).toEqual({ stdout: "inert", stderr: line });
  });

  test("says it once, however often it is asked", { timeout: 120_000 }, async () => {
    writeFileSync(
      join(app, "asks.cjs"),
      `const { register, currentVirtualCluster, runInVirtualCluster, stats } = require(${JSON.stringify(join(library, "dist/cjs/index.js"))});
       const { virtualCluster } = require(${JSON.stringify(join(library, "dist/cjs/express.js"))});
       register(); register();
       virtualCluster()({ headers: {} }, {}, () => {});
       console.log(runInVirtualCluster("vc-1", currentVirtualCluster), stats().active.outbound);`,
    );
    expect(await start(await findNode(version), ["asks.cjs"], "require", { NODE_OPTIONS: "" })).toEqual({
      stdout: "vc-1 false",
      stderr: line,
    });
  });
});
