import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { startContainerd } from "../containers/containerd.ts";
import { type ContainerPod, startContainerPod } from "../containers/pod.ts";
import { askAll, startAnswering } from "../measuring/exchange.ts";
import { fastest } from "../measuring/fastest.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork } from "../network/pod-network.ts";
import { type Holder, PUGGLE, startHolder } from "./holder.ts";
import { until } from "./until.ts";

const parts = inject("kernelParts");

const DELAY_MS = 60;
const DELAYED = [true, true];
const UNTOUCHED = [false, false];
const SERVED_PORT = 5_201;
const CONNECTIONS = 4;

describe.skipIf(parts === undefined)("puggle net for one container of a pod", { timeout: 120_000 }, () => {
  let kernel: Kernel;
  let pod: ContainerPod<"app" | "sidecar">;
  let holder: Holder;
  let before: string;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    pod = await startContainerPod(kernel, await startContainerd(kernel));
    // Others' rules, with another mark in their own bits.
    for (const tool of ["iptables-legacy", "ip6tables-legacy"])
      await inNetwork(tool, "-t", "mangle", "-A", "OUTPUT", "-p", "tcp", "--dport", "9", "-j", "MARK", "--set-mark", "0x539");
    before = await marksOfOthers();
    const target = ["--container", "pod-app", "--only-container", "--lease", "3s"];
    holder = await startHolder(kernel, { target, name: "one-container" }, { egress: [{ delay: `${DELAY_MS}ms` }] });
  });

  afterAll(() => kernel?.stop());

  const inNetwork = (command: string, ...arguments_: readonly string[]) =>
    kernel.run("ip", ["netns", "exec", pod.network.pod, command, ...arguments_]);
  const marksOfOthers = async () => {
    const shown = await Promise.all(["iptables-legacy", "ip6tables-legacy"].map((tool) => inNetwork(tool, "-t", "mangle", "-S")));
    return shown.map(({ stdout }) => stdout).join("");
  };

  /** Is what a container sends and gets delayed, by IPv4 and IPv6? Each command has a launcher of its own. */
  async function isDelayed(
    launcherOf: () => readonly string[],
    addresses = [...pod.network.farIpv4, ...pod.network.farIpv6],
  ): Promise<readonly boolean[]> {
    const results = await Promise.all(addresses.map((to) => ping(kernel, { to, launcher: launcherOf(), count: 5 })));
    return results.map(({ roundTripsMs }) => fastest(roundTripsMs) >= DELAY_MS);
  }

  test("delays what it sends, and not what its neighbour sends", async () => {
    expect(await isDelayed(pod.containers.app.inside)).toEqual(DELAYED);
    expect(await isDelayed(pod.containers.sidecar.inside)).toEqual(UNTOUCHED);
    expect(await isDelayed(() => pod.network.inPod)).toEqual(UNTOUCHED);
  });

  test("does so again when it was killed and started again", async () => {
    const { app, sidecar } = pod.containers;
    await app.kill();
    await app.start();
    await until(async () => (await isDelayed(app.inside)).every((one) => one));
    expect(await isDelayed(sidecar.inside)).toEqual(UNTOUCHED);
    expect(holder.events().at(-1)).not.toMatchObject({ event: "gone" });
  });

  test("delays what comes in for connections that it opened, and no other", async () => {
    const { app, sidecar } = pod.containers;
    await holder.apply({ ingress: [{ delay: `${DELAY_MS}ms` }] });
    expect(await isDelayed(app.inside)).toEqual(DELAYED);
    expect(await isDelayed(sidecar.inside)).toEqual(UNTOUCHED);
    expect(await isDelayed(() => pod.network.inFar, [pod.network.podIpv4, pod.network.podIpv6])).toEqual(UNTOUCHED);
    expect(await connectionsToApp()).toEqual(UNTOUCHED);
  });

  test("delays what comes in for ports that a rule names", async () => {
    await holder.apply({ ingress: [{ from: [{ localPorts: [SERVED_PORT], protocol: "tcp" }], delay: `${DELAY_MS}ms` }] });
    expect(await connectionsToApp()).toEqual(DELAYED);
    expect(await isDelayed(() => pod.network.inFar, [pod.network.podIpv4, pod.network.podIpv6])).toEqual(UNTOUCHED);
  });

  test("leaves nothing when it ends, and others' rules as they were", async () => {
    expect(await marksOfOthers()).not.toBe(before);
    await holder.end();
    await expectNothingOfOurs();
  });

  test("leaves nothing where it was killed and cleared, or could not begin", async () => {
    const target = ["--container", "pod-app", "--only-container", "--lease", "3s"];
    const killed = await startHolder(kernel, { target, name: "one-container" }, { egress: [{ delay: `${DELAY_MS}ms` }] });
    killed.process.kill("SIGKILL");
    await killed.process.ended;
    await kernel.run(process.execPath, [PUGGLE, "net", "clear", "--container", "pod-app"]);
    await expectNothingOfOurs();
    await expect(startHolder(kernel, { target, name: "one-container" }, { egress: [{ delay: "1ms", seed: 7 }] })).rejects.toThrow("seed");
    await expectNothingOfOurs();
  });

  test("follows it into another network, as where an engine starts it again", async () => {
    const { app, sidecar } = pod.containers;
    const holder = await startHolder(
      kernel,
      { target: ["--container", "pod-app"], name: "restarted" },
      { egress: [{ delay: `${DELAY_MS}ms` }] },
    );
    for (const container of [app, sidecar]) await container.kill();
    await pod.network.remove();
    await until(() => holder.events().some(({ event }) => event === "waiting"));
    await makePodNetwork(kernel);
    await app.start();
    await until(() => holder.events().filter(({ event }) => event === "applied").length === 2);
    expect(await isDelayed(app.inside)).toEqual(DELAYED);
    await holder.end();
    expect(await isDelayed(app.inside)).toEqual(UNTOUCHED);
  });

  async function expectNothingOfOurs(): Promise<void> {
    expect(await marksOfOthers()).toBe(before);
    expect((await inNetwork("ip", "-o", "link")).stdout).not.toContain("pgl");
    expect((await inNetwork("ipset", "list", "-n")).stdout).toBe("");
  }

  /** What runs a program with a container's network and control group, and not its files: those have no Node.js. */
  function inControlGroupOf({ cgroupPath }: { readonly cgroupPath: string }): readonly string[] {
    const enter = 'echo $$ >"/sys/fs/cgroup$1/cgroup.procs" && shift && exec "$@"';
    return ["sh", "-c", enter, "sh", cgroupPath, ...pod.network.inPod];
  }

  /** Is a connection from the far side to the container slow to open? */
  async function connectionsToApp(): Promise<readonly boolean[]> {
    const addresses = [pod.network.podIpv4, pod.network.podIpv6];
    const server = await startAnswering(kernel, inControlGroupOf(pod.containers.app), { addresses, ports: [SERVED_PORT] });
    try {
      const asked = addresses.flatMap((address) =>
        Array.from({ length: CONNECTIONS }, () => ({ protocol: "tcp" as const, address, port: SERVED_PORT })),
      );
      const times = await askAll(kernel, pod.network.inFar, asked);
      return addresses.map((_, at) => fastest(times.slice(at * CONNECTIONS, (at + 1) * CONNECTIONS)) >= DELAY_MS);
    } finally {
      server.kill("SIGKILL");
      await server.ended;
    }
  }
});
