import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cgroupRoot } from "../kernel/cgroups.ts";
import { namespaceOfProcess } from "../kernel/network-namespace.ts";
import { whilePaused } from "./pause.ts";

const root = cgroupRoot();
const folder = join(root ?? "", `puggle-pause-${process.pid}`);

describe.skipIf(root === undefined || process.getuid?.() !== 0)("whilePaused, as root, with control groups of version 2", () => {
  let child: ChildProcess;

  beforeEach(async () => {
    child = spawn("unshare", ["--net", "sh", "-c", "echo ready; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    mkdirSync(folder);
    writeFileSync(join(folder, "cgroup.procs"), `${child.pid}`);
  });

  afterEach(async () => {
    const closed = new Promise((resolve) => child.once("close", resolve));
    writeFileSync(join(folder, "cgroup.freeze"), "0");
    child.kill("SIGKILL");
    await closed;
    await vi.waitFor(() => rmdirSync(folder));
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

  it("leaves nothing frozen when it is killed meanwhile, with its whole process group", async () => {
    const program = `import { namespaceOfProcess } from ${JSON.stringify(new URL("../kernel/network-namespace.ts", import.meta.url).href)};
import { whilePaused } from ${JSON.stringify(new URL("pause.ts", import.meta.url).href)};
await whilePaused(namespaceOfProcess(${child.pid}), [], async () => {
  console.log("frozen");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});`;
    const pausing = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    await new Promise((resolve) => pausing.stdout.once("data", resolve));
    expect(isFrozen()).toBe(true);
    process.kill(-(pausing.pid ?? 0), "SIGKILL");
    await vi.waitFor(() => expect(isFrozen()).toBe(false), { timeout: 5_000 });
  });

  it("leaves nothing frozen when it hangs", { timeout: 10_000 }, async () => {
    await whilePaused(namespaceOfProcess(child.pid ?? 0), [], async () => {
      await sleep(4_000);
      expect(isFrozen()).toBe(false);
    });
  });
});
