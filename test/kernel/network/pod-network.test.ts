import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { measureTcp, measureUdp } from "../measuring/iperf.ts";
import { median } from "../measuring/median.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "./pod-network.ts";

const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("a pod's network", { timeout: 60_000 }, () => {
  let kernel: Kernel;
  let network: PodNetwork;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    network = await makePodNetwork(kernel, { farAddresses: 2 });
  });

  afterAll(() => kernel?.stop());

  const netem = (...parameters: readonly string[]) =>
    kernel.run("tc", ["-n", network.pod, "qdisc", "replace", "dev", "eth0", "root", "netem", ...parameters]);

  test("leads to every address of the far side, and back, in well under a millisecond", async () => {
    for (const to of [...network.farIpv4, ...network.farIpv6]) {
      const { lost, roundTripsMs } = await ping(kernel, { to, launcher: network.inPod });
      expect({ to, lost }).toEqual({ to, lost: 0 });
      expect(median(roundTripsMs)).toBeLessThan(1);
    }
    for (const to of [network.podIpv4, network.podIpv6])
      expect(await ping(kernel, { to, launcher: network.inFar })).toMatchObject({ lost: 0 });
  });

  test("delays by 40 ms what netem is to delay by 40 ms, by IPv4 and IPv6", async () => {
    await netem("delay", "40ms");
    for (const to of [...network.farIpv4, ...network.farIpv6]) {
      const { lost, roundTripsMs } = await ping(kernel, { to, launcher: network.inPod });
      expect({ to, lost }).toEqual({ to, lost: 0 });
      expect(median(roundTripsMs)).toBeGreaterThanOrEqual(40);
      expect(median(roundTripsMs)).toBeLessThan(41);
    }
  });

  test("loses, doubles and limits what netem is to lose, double and limit", { timeout: 90_000 }, async () => {
    const ends = { client: network.inPod, server: network.inFar };
    const [to = ""] = network.farIpv6;
    await netem("loss", "30%");
    const { lost, total } = await measureUdp(kernel, { ...ends, to });
    // 125 datagrams lose so few or many once in a million times.
    expect(lost / total).toBeGreaterThan(0.1);
    expect(lost / total).toBeLessThan(0.5);
    await netem("duplicate", "100%");
    const doubled = await ping(kernel, { to, launcher: network.inPod });
    expect(doubled).toMatchObject({ sent: 10, received: 10, lost: 0 });
    // It does not wait for the second answer to the last.
    expect(doubled.duplicates).toBeGreaterThanOrEqual(9);
    await netem("rate", "5mbit", "limit", "20");
    const { bitsPerSecond } = await measureTcp(kernel, { ...ends, to });
    expect(bitsPerSecond).toBeGreaterThan(4_000_000);
    expect(bitsPerSecond).toBeLessThan(5_000_000);
  });

  test("stands beside another with the same addresses, and leaves nothing", async () => {
    const other = await makePodNetwork(kernel, { name: "other" });
    const resting = await kernel.start("ip", ["netns", "exec", "other", "sleep", "1000"]);
    await netem("loss", "100%");
    expect(await ping(kernel, { to: other.podIpv4, launcher: other.inFar })).toMatchObject({ lost: 0 });
    await other.remove();
    expect(await resting.ended).toMatchObject({ code: 137 });
    const { stdout } = await kernel.run("ip", ["netns", "list"]);
    expect([...stdout.matchAll(/^\S+/gm)].flat().toSorted()).toEqual(["pod", "pod-far"]);
  });
});
