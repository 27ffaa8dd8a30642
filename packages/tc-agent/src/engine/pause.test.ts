import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cgroupRoot } from "../kernel/cgroups.ts";
import { namespaceOfProcess } from "../kernel/network-namespace.ts";
import { thawForgotten } from "./frozen.ts";
import { whilePaused } from "./pause.ts";

const root = cgroupRoot();
const ownFolder = join(root ?? "", `puggle-pausing-${process.pid}`);
const folder = join(root ?? "", `puggle-pause-${process.pid}`);

describe.skipIf(root === undefined || process.getuid?.() !== 0)("whilePaused, as root, with control groups of version 2", () => {
  let child: ChildProcess;
  let records: string;

  beforeEach(async () => {
    child = spawn("unshare", ["--net", "sh", "-c", "echo ready; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    mkdirSync(folder);
    records = mkdtempSync(join(tmpdir(), "puggle-frozen-"));
    writeFileSync(join(folder, "cgroup.procs"), `${child.pid}`);
  });

  afterEach(async () => {
    const closed = new Promise((resolve) => child.once("close", resolve));
    writeFileSync(join(folder, "cgroup.freeze"), "0");
    child.kill("SIGKILL");
    await closed;
    await vi.waitFor(() => rmdirSync(folder));
    rmSync(records, { recursive: true });
  });

  const isFrozen = () => readFileSync(join(folder, "cgroup.events"), "utf8").includes("frozen 1");

  it("freezes the processes of the namespace meanwhile, also where it fails", async () => {
    const namespace = namespaceOfProcess(child.pid ?? 0);
    let wasFrozen = false;
    const { unpaused } = await whilePaused(namespace, [], async () => {
      wasFrozen = isFrozen();
    });
    expect([wasFrozen, isFrozen(), unpaused]).toEqual([true, false, []]);
    const failing = whilePaused(namespace, [], async () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(isFrozen()).toBe(false);
  });

  it("leaves frozen what somebody else froze", async () => {
    writeFileSync(join(folder, "cgroup.freeze"), "1");
    await vi.waitFor(() => expect(isFrozen()).toBe(true));
    await whilePaused(namespaceOfProcess(child.pid ?? 0), [], async () => undefined);
    expect(isFrozen()).toBe(true);
  });

  /** A process that pauses until it is killed, and prints which process of its own guards it. */
  async function startPausing(): Promise<{ readonly pid: number; readonly guard: number }> {
    const program = `import { readFileSync } from "node:fs";
import { namespaceOfProcess } from ${JSON.stringify(new URL("../kernel/network-namespace.ts", import.meta.url).href)};
import { whilePaused } from ${JSON.stringify(new URL("pause.ts", import.meta.url).href)};
await whilePaused(namespaceOfProcess(${child.pid}), [], async () => {
  console.log(readFileSync(\`/proc/self/task/\${process.pid}/children\`, "utf8"));
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}, ${JSON.stringify(records)});`;
    // Not in the group of those that stay.
    const inGroup = `echo $$ >"$0/cgroup.procs"; exec "$@"`;
    const pausing = spawn("sh", ["-c", inGroup, ownFolder, process.execPath, "--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const printed = await new Promise((resolve) => pausing.stdout.once("data", resolve));
    expect(isFrozen()).toBe(true);
    return { pid: pausing.pid ?? 0, guard: Number(`${printed}`.trim()) };
  }

  describe("when it is killed meanwhile", () => {
    beforeEach(() => mkdirSync(ownFolder));
    afterEach(() => vi.waitFor(() => rmdirSync(ownFolder)));

    it("leaves nothing frozen, also with its whole process group", async () => {
      const { pid } = await startPausing();
      process.kill(-pid, "SIGKILL");
      await vi.waitFor(() => expect(isFrozen()).toBe(false), { timeout: 5_000 });
    });

    it("leaves nothing frozen, also with its whole control group", async () => {
      const { guard } = await startPausing();
      const doomed = readFileSync(join(ownFolder, "cgroup.procs"), "utf8").trim().split("\n").map(Number);
      expect(doomed).not.toContain(guard);
      for (const pid of doomed) process.kill(pid, "SIGKILL");
      await vi.waitFor(() => expect(isFrozen()).toBe(false), { timeout: 5_000 });
    });

    it("leaves to the next one to thaw what its guard could not", async () => {
      const { pid, guard } = await startPausing();
      for (const one of [guard, pid]) process.kill(-one, "SIGKILL");
      await vi.waitFor(() => expect(readFileSync(join(ownFolder, "cgroup.procs"), "utf8")).toBe(""));
      expect([isFrozen(), readdirSync(records)]).toEqual([true, [`frozen-${pid}-1`]]);
      thawForgotten(records);
      await vi.waitFor(() => expect(isFrozen()).toBe(false));
      expect(readdirSync(records)).toEqual([]);
    });
  });

  it("writes down what it freezes meanwhile, and leaves to others what they do", async () => {
    await whilePaused(
      namespaceOfProcess(child.pid ?? 0),
      [],
      async () => {
        expect(readdirSync(records)).toHaveLength(1);
        thawForgotten(records);
        expect([isFrozen(), readdirSync(records).length]).toEqual([true, 1]);
      },
      records,
    );
    expect(readdirSync(records)).toEqual([]);
  });

  it("does not freeze a group that does not tell its processes", async () => {
    const threaded = join(folder, "threaded");
    mkdirSync(threaded);
    try {
      writeFileSync(join(threaded, "cgroup.type"), "threaded");
      const { unpaused } = await whilePaused(namespaceOfProcess(child.pid ?? 0), [], async () => expect(isFrozen()).toBe(false));
      expect(unpaused).toEqual([child.pid]);
    } finally {
      rmdirSync(threaded);
    }
  });

  it("leaves nothing frozen when it hangs", { timeout: 10_000 }, async () => {
    await whilePaused(namespaceOfProcess(child.pid ?? 0), [], async () => {
      await sleep(4_000);
      expect(isFrozen()).toBe(false);
    });
  });
});
