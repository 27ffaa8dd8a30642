import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";

const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("a command in the kernel", { timeout: 60_000 }, () => {
  let kernel: Kernel;
  let bootMs: number;

  beforeAll(async () => {
    if (parts === undefined) return;
    const began = performance.now();
    kernel = await startKernel(parts);
    bootMs = performance.now() - began;
  });

  afterAll(() => kernel?.stop());

  test("can be run in under ten seconds, on a kernel of its own", async () => {
    expect(bootMs).toBeLessThan(10_000);
    expect((await kernel.run("uname", ["-r"])).stdout).toMatch(/^6\./);
    expect((await kernel.run("modprobe", ["-n", "-v", "sch_netem"])).stdout).toMatch(/^insmod \/run\/modules\/.*\/sch_netem.ko/);
  });

  test("runs beside others", async () => {
    const began = performance.now();
    const results = await Promise.all(Array.from({ length: 10 }, (_, index) => kernel.shell('sleep 2; echo "$1"', [`${index}`])));
    expect(results.map(({ stdout }) => Number(stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test("gives its outputs and its code as they are", async () => {
    const odd = "é\u2028\u0000\r\n\u001b[1m\u0003\u0004";
    expect(await kernel.shell('cat; printf no >&2; exit "$1"', ["3"], { input: odd, mayFail: true })).toEqual({
      stdout: odd,
      stderr: "no",
      code: 3,
    });
    expect(await kernel.shell("kill -s TERM $$", [], { mayFail: true })).toMatchObject({ code: 143 });
  });

  test("reads and prints megabytes, also when nobody listens for a while", async () => {
    const text = Array.from({ length: 500_000 }, (_, index) => `${index}\n`).join("");
    await kernel.writeFile("/tmp/much", text);
    const reading = kernel.readFile("/tmp/much");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    expect((await reading) === text).toBe(true);
  });

  test("has the environment and the folder that it is given, and the Node.js of these tests", async () => {
    const options = { environment: { GREETING: "hello" }, folder: "/usr/lib" };
    expect((await kernel.shell("echo $GREETING; pwd; node --version", [], options)).stdout).toBe(`hello\n/usr/lib\n${process.version}\n`);
  });

  test("throws with both outputs when it fails, can not be started, or takes too long", async () => {
    await expect(kernel.shell("echo out; echo err >&2; exit 4")).rejects.toThrow(/failed \(exit code 4\):\nout\n\nerr/);
    await expect(kernel.run("no-such-command")).rejects.toThrow("no-such-command can not be started: spawn no-such-command ENOENT");
    await expect(kernel.shell("echo so far; sleep 100 & sleep 100", [], { timeoutMs: 1_000 })).rejects.toThrow(
      /took longer than 1 s:\nso far/,
    );
    await vi.waitFor(async () => expect((await kernel.run("pgrep", ["sleep"], { mayFail: true })).stdout).toBe(""));
  });

  test("can be followed and signalled while it runs", async () => {
    const process = await kernel.start("sh", ["-c", "trap 'echo caught; exit 7' USR1; echo $$; while :; do sleep 0.1; done"]);
    await vi.waitFor(() => expect(process.stdout()).toBe(`${process.pid}\n`));
    const heard: string[] = [];
    process.onOutput((text) => heard.push(text));
    process.kill("SIGUSR1");
    expect(await process.ended).toEqual({ stdout: `${process.pid}\ncaught\n`, stderr: "", code: 7 });
    expect(heard).toEqual(["caught\n"]);
  });

  test("can not change the host's files", async () => {
    await expect(kernel.writeFile(import.meta.filename, "")).rejects.toThrow("Read-only file system");
    await kernel.writeFile("/tmp/puggle-only-inside", "");
    await expect(kernel.shell('test -e "$1"', ["/tmp/puggle-only-inside"])).resolves.toBeDefined();
  });
});
