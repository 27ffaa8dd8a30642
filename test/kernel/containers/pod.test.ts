import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { ping } from "../measuring/ping.ts";
import { type Containerd, startContainerd } from "./containerd.ts";
import { type ContainerPod, startContainerPod } from "./pod.ts";

const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("a pod of two containers", { timeout: 60_000 }, () => {
  let kernel: Kernel;
  let containerd: Containerd;
  let pod: ContainerPod<"app" | "sidecar">;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    containerd = await startContainerd(kernel);
    pod = await startContainerPod(kernel, containerd);
  });

  afterAll(() => kernel?.stop());

  const cgroupOf = async (pid: number) => (await kernel.readFile(`/proc/${pid}/cgroup`)).trim();
  const namespaceOf = async (path: string) => (await kernel.run("stat", ["-Lc", "%i", path])).stdout;

  test("shares a network namespace", async () => {
    const { app, sidecar } = pod.containers;
    const expected = await namespaceOf(pod.network.podPath);
    for (const { pid } of [app, sidecar]) expect(await namespaceOf(`/proc/${pid()}/ns/net`)).toBe(expected);
  });

  test("reaches others from both, by IPv4 and IPv6", async () => {
    for (const { inside } of Object.values(pod.containers)) {
      for (const to of [...pod.network.farIpv4, ...pod.network.farIpv6])
        expect(await ping(kernel, { to, launcher: inside(), count: 3 })).toMatchObject({ sent: 3, lost: 0 });
    }
  });

  test("has a cgroup for each, which what is run in it has too", async () => {
    for (const { cgroupPath, pid, inside } of Object.values(pod.containers)) {
      expect(await cgroupOf(pid())).toBe(`0::${cgroupPath}`);
      const [command = "", ...launcher] = inside();
      const { stdout } = await kernel.run(command, [...launcher, "cat", "/proc/self/cgroup"]);
      expect(stdout.trim()).toBe(`0::${cgroupPath}`);
    }
  });

  test("keeps a container's cgroup path when it is killed and started again, and the other runs on", async () => {
    const { app, sidecar } = pod.containers;
    const [first, other] = [app.pid(), sidecar.pid()];
    await app.kill();
    await expect(kernel.readFile(`/sys/fs/cgroup${app.cgroupPath}/cgroup.procs`)).rejects.toThrow("No such file");
    await app.start();
    expect(app.pid()).not.toBe(first);
    expect(await cgroupOf(app.pid())).toBe(`0::${app.cgroupPath}`);
    expect(await cgroupOf(other)).toBe(`0::${sidecar.cgroupPath}`);
    const [to = ""] = pod.network.farIpv4;
    expect(await ping(kernel, { to, launcher: app.inside(), count: 3 })).toMatchObject({ lost: 0 });
  });

  test("leaves nothing when it is removed", async () => {
    await startContainerPod(kernel, containerd, { name: "second", containers: ["only"] }).then(({ remove }) => remove());
    expect(await containerd.ctr("containers", "list", "--quiet")).toBe("pod-app\npod-sidecar\n");
    expect((await kernel.run("ip", ["netns", "list"])).stdout).not.toContain("second");
  });
});
