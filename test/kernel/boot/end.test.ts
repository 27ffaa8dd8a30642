import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { findRemains } from "./remains.ts";
import { type Kernel, startKernel } from "./start.ts";

const parts = inject("kernelParts");
const NOTHING = { processes: [], folders: [] };

describe.skipIf(parts === undefined)("the end of a kernel", { timeout: 60_000 }, () => {
  const owners: ChildProcess[] = [];
  const kernels: Kernel[] = [];

  afterEach(async () => {
    for (const owner of owners.splice(0)) owner.kill("SIGKILL");
    for (const kernel of kernels.splice(0)) await kernel.stop();
  });

  async function boot(): Promise<Kernel> {
    if (parts === undefined) throw new Error("there is no kernel to boot");
    const kernel = await startKernel(parts);
    kernels.push(kernel);
    return kernel;
  }

  test("by stop leaves nothing, and says so to who waits for a command", async () => {
    const kernel = await boot();
    const { ended } = await kernel.start("sleep", ["1000"]);
    const waiting = expect(ended).rejects.toThrow("the kernel was stopped");
    expect((await findRemains(process.pid)).processes.length).toBeGreaterThan(0);
    await kernel.stop();
    await waiting;
    expect(await findRemains(process.pid)).toEqual(NOTHING);
    await expect(kernel.run("true")).rejects.toThrow("the kernel was stopped");
  });

  test.for(["SIGINT", "SIGTERM", "SIGKILL"] as const)("by %s to its owner leaves nothing", async (signal) => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL("hold-kernel.ts", import.meta.url)), JSON.stringify(parts)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    owners.push(owner);
    await once(owner.stdout, "data");
    expect((await findRemains(owner.pid)).processes.length).toBeGreaterThan(0);
    owner.kill(signal);
    await once(owner, "exit");
    await vi.waitFor(async () => expect(await findRemains(owner.pid)).toEqual(NOTHING), { timeout: 5_000 });
  });

  test("by a panic is told with what the console says", async () => {
    const kernel = await boot();
    await expect(kernel.shell("echo c >/proc/sysrq-trigger")).rejects.toThrow(
      /the kernel has ended[\s\S]*Kernel panic - not syncing: sysrq/,
    );
    await vi.waitFor(async () => expect(await findRemains(process.pid)).toEqual(NOTHING), { timeout: 5_000 });
  });

  test("that does not come, when it hangs, is told with the command that it does not answer", async () => {
    const kernel = await boot();
    const { processes } = await findRemains(process.pid);
    const isLinux = await Promise.all(processes.map(async (pid) => (await readFile(`/proc/${pid}/comm`, "utf8")) === "linux.uml\n"));
    for (const pid of processes.filter((_, index) => isLinux[index])) process.kill(pid, "SIGSTOP");
    await expect(kernel.run("true", [], { timeoutMs: 100 })).rejects.toThrow("the kernel does not answer: true");
  });

  test("before it has booted is told with what the console says", async () => {
    if (parts === undefined) return;
    await expect(startKernel(parts, { memory: "8M" })).rejects.toThrow(/the kernel (has ended|was not ready)[\s\S]*console:\n.+/);
    expect(await findRemains(process.pid)).toEqual(NOTHING);
  });
});
