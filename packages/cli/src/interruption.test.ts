import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../bin/puggle.js", import.meta.url));
const MESH = `apiVersion: puggle.dev/v1alpha1
kind: Mesh
services: [{ name: cart, namespace: shop }]
virtualClusters: [{ name: pr-42, members: [{ service: cart, image: "cart:42" }] }]
`;
/** Loaded before the command: sends it a signal right after the first call of a function of `node:fs`, so that no time passes between the two. */
const SIGNAL_AFTER = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const { CALL, SIGNAL } = process.env;
const call = fs[CALL];
let isSent = false;
fs[CALL] = (...args) => {
  const result = call(...args);
  if (!isSent) process.kill(process.pid, SIGNAL);
  isSent = true;
  return result;
};
syncBuiltinESMExports();
`;

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-interruption-"));
  writeFileSync(join(folder, "mesh.yaml"), MESH);
  writeFileSync(join(folder, "signal-after.mjs"), SIGNAL_AFTER);
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function generateWith(call: string, signal: string): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const args = ["--import", join(folder, "signal-after.mjs"), MAIN, "generate"];
  const started = spawn(process.execPath, args, { cwd: folder, env: { CALL: call, SIGNAL: signal } });
  child = started;
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    started[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const [exitCode] = await once(started, "close");
  return { exitCode, ...printed };
}

const listFolder = () => readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.startsWith("generated"));

describe("puggle generate, told to end", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])("by %s while it stages texts, leaves nothing behind", async (signal, exitCode) => {
    expect(await generateWith("mkdtempSync", signal)).toEqual({
      exitCode,
      stdout: "",
      stderr: `error: ended by ${signal}: nothing was written to generated\n`,
    });
    expect(listFolder()).toEqual([]);
  });

  it("between two renames, does them all first", async () => {
    expect(await generateWith("renameSync", "SIGINT")).toEqual({
      exitCode: 130,
      stdout: "",
      stderr: "error: ended by SIGINT: everything was written to generated already\n",
    });
    expect(listFolder()).toContain("generated/istio/shop/cart/members/pr-42/deployment.yaml");
    expect(listFolder().filter((path) => path.includes(".puggle-"))).toEqual([]);
  });

  it("by SIGKILL while it stages texts, leaves what its next run removes", async () => {
    expect(await generateWith("mkdtempSync", "SIGKILL")).toMatchObject({ exitCode: null });
    expect(listFolder().filter((path) => path.includes(".puggle-"))).toHaveLength(1);
    expect(await generateWith("none", "SIGINT")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(listFolder().filter((path) => path.includes(".puggle-"))).toEqual([]);
  });
});
