import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type LeashedOptions, type LeashedProcess, spawnLeashed } from "./leash.ts";

const LEASH_URL = new URL("./leash.ts", import.meta.url).href;

/** What a test started, to be ended with it even where it fails. */
const started = { owners: [] as ChildProcess[], leashed: [] as LeashedProcess[], pids: [] as number[] };
afterEach(async () => {
  for (const owner of started.owners.splice(0)) owner.kill("SIGKILL");
  await Promise.all(started.leashed.splice(0).map(async (leashed) => await leashed.stop(0)));
  for (const pid of started.pids.splice(0).filter(isAlive)) process.kill(pid, "SIGKILL");
});

function leash(options: LeashedOptions): LeashedProcess {
  const leashed = spawnLeashed(options);
  started.leashed.push(leashed);
  return leashed;
}

/** One that is dead and still listed, because nobody has asked for its exit code yet, is not alive. */
function isAlive(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

async function untilDead(pids: readonly number[], withinMs = 3_000): Promise<number[]> {
  const deadline = Date.now() + withinMs;
  while (pids.some(isAlive) && Date.now() < deadline) await delay(10);
  return pids.filter(isAlive);
}

/**
 * A Node.js process that starts this shell command on a leash and prints the pids of both. It ends with this one, whose end closes its standard input,
 * and the commands end by themselves after a minute: where the leash fails, nothing stays for ever.
 */
async function startOwner(command: string): Promise<{ owner: ChildProcess; leader: number; child: number }> {
  const code = `
    const { spawnLeashed } = await import(${JSON.stringify(LEASH_URL)});
    const { pid } = spawnLeashed({ command: "/bin/sh", arguments: ["-c", ${JSON.stringify(command)}], output: 1 });
    console.log("leader " + pid);
    process.stdin.resume().on("end", () => process.exit());`;
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: ["pipe", "pipe", "inherit"] });
  started.owners.push(owner);
  let output = "";
  owner.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const pidOf = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
  while (pidOf("leader") === 0 || pidOf("child") === 0) {
    if (owner.exitCode !== null || owner.signalCode !== null) throw new Error(`the owner ended before it had started anything: ${output}`);
    await delay(10);
  }
  started.pids.push(pidOf("leader"), pidOf("child"));
  return { owner, leader: pidOf("leader"), child: pidOf("child") };
}

describe("a leashed process", () => {
  it.each(["SIGKILL", "SIGTERM", "SIGINT", "SIGABRT"] as const)("ends when its owner is ended by %s", async (signal) => {
    const { owner, leader, child } = await startOwner("echo child $$; exec sleep 60");
    owner.kill(signal);
    await once(owner, "exit");
    expect(await untilDead([leader, child])).toEqual([]);
  });

  it("ends with its owner though it ignores signals", async () => {
    const { owner, leader, child } = await startOwner("trap '' TERM INT HUP; echo child $$; sleep 60");
    owner.kill("SIGKILL");
    await once(owner, "exit");
    expect(await untilDead([leader, child])).toEqual([]);
  });

  it("goes on when its owner does", async () => {
    const { owner, leader, child } = await startOwner("echo child $$; exec sleep 60");
    await delay(300);
    expect([leader, child].filter(isAlive)).toEqual([leader, child]);
    owner.kill("SIGKILL");
    expect(await untilDead([leader, child])).toEqual([]);
  });

  it.each([
    ["exits", "exit 7", 7],
    ["is killed", "kill -9 $$", 137],
    ["is not found", "exec /nowhere/program", 127],
  ])("tells the exit code when it %s", async (_, script, code) => {
    const leashed = leash({ command: "/bin/sh", arguments: ["-c", script] });
    expect(await leashed.ended).toBe(code);
    expect(leashed.hasEnded()).toBe(true);
  });

  it("is asked to end before it is killed", async () => {
    const leashed = leash({
      command: "/bin/sh",
      arguments: ["-c", "trap 'exit 5' TERM; i=0; while [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done"],
    });
    await delay(200);
    await leashed.stop();
    expect(await leashed.ended).toBe(5);
  });

  it("is killed when it does not end by itself", async () => {
    const leashed = leash({ command: "/bin/sh", arguments: ["-c", "trap '' TERM; sleep 60"] });
    await delay(200);
    await leashed.stop(100);
    expect(await leashed.ended).toBe(137);
    expect(await untilDead([leashed.pid ?? 0])).toEqual([]);
  });

  it("may be stopped at once and more than once", async () => {
    const leashed = leash({ command: "sleep", arguments: ["60"] });
    await Promise.all([leashed.stop(), leashed.stop()]);
    await leashed.stop();
    expect(leashed.hasEnded()).toBe(true);
  });
});
