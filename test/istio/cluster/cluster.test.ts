import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { startCluster } from "./cluster.ts";

const parts = inject("clusterParts");
const PLAY = fileURLToPath(new URL("../play.ts", import.meta.url));
const SERVERS = ["etcd", "kube-apiserver", "kube-controller-manager", "pilot-discovery"];

describe.skipIf(parts === undefined)("the cluster", () => {
  let person: ChildProcess | undefined;

  afterEach(() => {
    person?.kill("SIGKILL");
  });

  /** `npm run cluster`, once it is up; gives the folder that it names. */
  async function play(): Promise<string> {
    person = spawn(process.execPath, [PLAY], { stdio: ["ignore", "pipe", "ignore"] });
    if (person.stdout === null) throw new Error("it has no output");
    for await (const line of createInterface(person.stdout)) {
      const folder = /KUBECONFIG=(.*)\/kubeconfig/.exec(line)?.[1];
      if (folder !== undefined) return folder;
    }
    throw new Error("it ended before it was up");
  }

  test("is up in under 15 s, and leaves nothing when it is stopped", { timeout: 60_000 }, async () => {
    const started = performance.now();
    const folder = await play();
    expect(performance.now() - started).toBeLessThan(15_000);
    expect((await serversOf(folder)).sort()).toEqual(SERVERS);
    person?.kill("SIGINT");
    if (person !== undefined) await once(person, "exit");
    expect(await serversOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test("leaves no process when it is killed, and its folder only until the next one starts", { timeout: 90_000 }, async () => {
    const folder = await play();
    person?.kill("SIGKILL");
    await vi.waitFor(async () => expect(await serversOf(folder)).toEqual([]), { timeout: 10_000, interval: 100 });
    expect(existsSync(folder)).toBe(true);
    if (parts === undefined) return;
    const next = await startCluster(parts.tools);
    try {
      expect(existsSync(folder)).toBe(false);
    } finally {
      await next.stop();
    }
  });
});

/** The names of the programs that run with something of this folder. */
async function serversOf(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  const commands = lines.filter((line) => line.includes(folder)).map((line) => line.split("\0")[0]?.split("/").pop() ?? "");
  return commands.filter((name) => SERVERS.includes(name));
}
