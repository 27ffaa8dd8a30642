import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { findEnvoy } from "@puggle/local-envoy";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { formatPath, readPath } from "./demo/path.ts";
import { scenarios } from "./demo/scenarios.ts";

const DEMO = join(import.meta.dirname, "demo.ts");
const MESH = join(import.meta.dirname, "../mesh.yaml");
const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puggle-demo-test-"));
  await findEnvoy();
}, 300_000);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** What a test started, to be ended with it even where it fails. */
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});

function keepTrack(child: ChildProcess): void {
  running.add(child);
  child.once("close", () => running.delete(child));
}

interface Demo {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  /** Its exit code, once it has ended. */
  readonly end: Promise<number | null>;
  readonly waitFor: (words: string | RegExp) => Promise<void>;
}

function startDemo(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Demo {
  const child = spawn(process.execPath, [DEMO, ...words], {
    env: { ...process.env, NO_COLOR: "1", TMPDIR: folder, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  keepTrack(child);
  const texts = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    texts.output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    texts.errors += text;
  });
  const end = once(child, "close").then(([code]) => code as number | null);
  const waitFor = async (words: string | RegExp) => {
    while (texts.output.search(words) === -1) {
      if (child.exitCode !== null) throw new Error(`the demo ended before it said ${words}: ${texts.output}${texts.errors}`);
      await delay(20);
    }
  };
  return { process: child, output: () => texts.output, errors: () => texts.errors, end, waitFor };
}

interface Listed {
  readonly pid: number;
  readonly parent: number;
}

/** The processes of this machine, without those that are dead and still listed because nobody has asked for their exit code yet. */
async function listProcesses(): Promise<Listed[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  return rows.filter(([, , state = ""]) => !state.startsWith("Z")).map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}

/** The processes that a process started, and those that they started. */
async function descendantsOf(root: number): Promise<number[]> {
  const all = await listProcesses();
  const below = (parent: number): number[] => all.filter((each) => each.parent === parent).flatMap(({ pid }) => [pid, ...below(pid)]);
  return below(root);
}

/** Those that live on `withinMs` later. */
async function survivorsOf(pids: readonly number[], withinMs = 3_000): Promise<number[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const alive = (await listProcesses()).map(({ pid }) => pid).filter((pid) => pids.includes(pid));
    if (alive.length === 0 || Date.now() > deadline) return alive;
    await delay(50);
  }
}

/** The shop's mesh file with something else in place of a part of it. */
async function meshWith(name: string, part: RegExp, replacement: string): Promise<string> {
  const text = await readFile(MESH, "utf8");
  const changed = text.replace(part, replacement);
  if (changed === text) throw new Error(`the mesh file has no ${part}`);
  const path = join(folder, name);
  await writeFile(path, changed);
  return path;
}

const seconds = (count: number) => ({ timeout: count * 1000 });

describe("the demo", () => {
  it("finds every path as expected, and leaves nothing behind", seconds(60), async () => {
    const demo = startDemo(["--json"]);
    expect(await demo.end, demo.errors()).toBe(0);
    const findings = JSON.parse(demo.output());
    expect(findings).toMatchObject({ isRight: true, commands: [] });
    expect(findings.scenarios.map(({ name }: { name: string }) => name)).toEqual(scenarios.map(({ name }) => name));
    for (const scenario of findings.scenarios) {
      expect(scenario.isRight).toBe(true);
      expect(scenario.paths.length).toBeGreaterThan(0);
      for (const path of scenario.paths) expect(path.took).toBe(path.expected);
    }
    const outside = findings.scenarios.find(({ name }: { name: string }) => name === "outside-from-member").paths[0].hops.at(-1);
    expect(Object.keys(outside.received)).toContain("content-type");
    expect(Object.keys(outside.received)).not.toContain("virtual-cluster-name");
    expect(findings.scenarios.at(-1).paths.map(({ times }: { times: number }) => times)).toEqual([50, 50, 50]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("keeps running when asked to, prints commands that work, and ends at Ctrl-C", seconds(60), async () => {
    const demo = startDemo(["--keep"]);
    await demo.waitFor("Ctrl-C ends it.");
    const commands = demo.output().match(/^curl .*$/gm) ?? [];
    const requests = scenarios.filter((scenario) => scenario.kind === "request");
    const paths = await Promise.all(
      commands.map(async (command) => formatPath(readPath(JSON.parse((await run("sh", ["-c", command])).stdout)))),
    );
    expect(paths).toEqual(requests.map(({ expected }) => formatPath(expected)));
    const started = await descendantsOf(demo.process.pid ?? 0);
    expect(started.length).toBeGreaterThan(24);
    demo.process.kill("SIGINT");
    expect(await demo.end).toBe(0);
    expect(await survivorsOf(started, 0)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it.runIf(process.platform === "linux")("ends in the same way at Ctrl-C in a terminal", seconds(60), async () => {
    // Without `exec`, a shell that waits for the demo answers 130 for it.
    const command = ["exec", process.execPath, DEMO, "--keep"].join(" ");
    const terminal = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      env: { ...process.env, CI: undefined, TMPDIR: folder },
    });
    keepTrack(terminal);
    let output = "";
    terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    while (!output.includes("Ctrl-C ends it.")) await delay(20);
    const started = await descendantsOf(terminal.pid ?? 0);
    expect(started.length).toBeGreaterThan(24);
    terminal.stdin.write("\u0003");
    expect(await once(terminal, "close")).toEqual([0, null]);
    expect(await survivorsOf(started, 0)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGKILL", null],
  ] as const)("leaves no process behind when %s ends it while it starts", seconds(60), async (signal, code) => {
    const demo = startDemo([]);
    await demo.waitFor(/[1-9]\d* of \d+ processes/);
    const started = await descendantsOf(demo.process.pid ?? 0);
    expect(started.length).toBeGreaterThan(0);
    demo.process.kill(signal);
    expect(await demo.end).toBe(code);
    expect(await survivorsOf(started)).toEqual([]);
  });

  it("says which path is wrong, and fails, where a virtual cluster lacks a member", seconds(60), async () => {
    const mesh = await meshWith("no-catalog.yaml", /\n *- \{ service: catalog.*\}/, "");
    const demo = startDemo(["--json", "--mesh", mesh]);
    expect(await demo.end).toBe(1);
    const findings = JSON.parse(demo.output());
    expect(findings.isRight).toBe(false);
    const wrong = findings.scenarios.filter(({ isRight }: { isRight: boolean }) => !isRight);
    expect(wrong.map(({ name }: { name: string }) => name)).toEqual(["service-miss", "interleaved"]);
    expect(wrong[0].paths).toMatchObject([
      { took: "web → catalog → pricing → inventory@pr-42", expected: "web → catalog@pr-42 → pricing → inventory@pr-42" },
    ]);
    expect(demo.errors()).toMatch(/The logs and configurations are in /);
  });

  it("shows the end of the log of what does not start, and stops the rest", seconds(60), async () => {
    const mesh = await meshWith(
      "ghost.yaml",
      /name: inventory, namespace: shop/,
      "name: ghost, namespace: shop }\n  - { name: inventory, namespace: shop",
    );
    const demo = startDemo(["--mesh", mesh]);
    await demo.waitFor(/of \d+ processes/);
    const started = await descendantsOf(demo.process.pid ?? 0);
    expect(await demo.end).toBe(3);
    expect(demo.errors()).toMatch(/ghost ended with exit code 1\. The end of its log \(.*ghost\.app\.log\):\n[\s\S]*Cannot find module/);
    expect(await survivorsOf(started)).toEqual([]);
  });

  it.each([
    ["an ENVOY that is none", [], { ENVOY: "/bin/false" }, 3, /ENVOY is set to '\/bin\/false'/],
    ["a mesh file that is not there", ["--mesh", "/nowhere.yaml"], {}, 3, /\/nowhere\.yaml/],
    ["an unknown option", ["--nope"], {}, 2, /--nope[\s\S]*--help/],
  ])("fails with a clear word for %s", async (_, words, environment, code, message) => {
    const demo = startDemo(words, environment);
    expect(await demo.end).toBe(code);
    expect(demo.errors()).toMatch(message);
    expect(demo.errors()).not.toMatch(/^ +at /m);
  });

  it("explains itself", async () => {
    const demo = startDemo(["--help"]);
    expect(await demo.end).toBe(0);
    expect(demo.output()).toMatch(/--keep[\s\S]*--json[\s\S]*--mesh[\s\S]*ENVOY[\s\S]*Exit code/);
  });
});
