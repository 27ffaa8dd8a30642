import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { makeHostNetwork } from "./host-network.ts";
import { findMissingOnHost } from "./requirements.ts";

const missing = await findMissingOnHost();

describe.skipIf(missing.length > 0)("a network of this machine", () => {
  test("goes with the process that made it, which is killed", async () => {
    const name = await makeAndKill();
    await expect.poll(() => findRemains(name), { timeout: 10_000 }).toEqual([]);
  });

  test("is removed by the next process, where its janitor is killed too", async () => {
    const name = await makeAndKill((of) => killAll(of));
    await sleep(200);
    expect(findRemains(name)).toContain(`/run/netns/${name}-near`);
    const network = await makeHostNetwork();
    expect(findRemains(name)).toEqual([]);
    await network.remove();
    expect(findRemains(network.near.name.replace(/-near$/, ""))).toEqual([]);
  });
});

async function makeAndKill(before: (name: string) => void = () => undefined): Promise<string> {
  const maker = spawn(process.execPath, [join(import.meta.dirname, "make-network.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(maker.stdout, "data");
  const name = `${line}`.trim();
  before(name);
  maker.kill("SIGKILL");
  await once(maker, "exit");
  return name;
}

/** Namespaces, the control group, and processes that have the name as an argument: janitors. */
function findRemains(name: string): readonly string[] {
  const folders = ["/run/netns", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
  const files = folders.flatMap((folder) => entriesOf(folder).map((entry) => `${folder}/${entry}`));
  return [...files.filter((file) => file.includes(`/${name}`)), ...findJanitors(name).map((pid) => `process ${pid}`)];
}

function killAll(name: string): void {
  for (const pid of findJanitors(name)) process.kill(pid, "SIGKILL");
}

function findJanitors(name: string): readonly number[] {
  const pids = entriesOf("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => argumentsOf(pid).includes(name)).map(Number);
}

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
