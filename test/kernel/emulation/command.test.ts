import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import type { KernelProcess } from "../channel/commands.ts";
import { fastest } from "../measuring/fastest.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { RESIDUE, residueOf } from "./residue.ts";
import { until } from "./until.ts";

const PUGGLE = join(import.meta.dirname, "../../../packages/cli/bin/puggle.js");
const SPEC = "/tmp/spec.yaml";
const LEASE_MS = 5_000;

/** And two devices of others with names such as leaves have. */
const SECOND_DEVICE = `
set -e
ip -n "$1" link add net1 type veth peer name veth1 netns "$2"
ip -n "$1" addr add 10.8.0.2/24 dev net1
ip -n "$2" addr add 10.8.0.1/24 dev veth1
ip -n "$1" link set net1 up
ip -n "$2" link set veth1 up
ip -n "$1" link add pgl0 type dummy
ip -n "$1" link add pgl7 type ifb
`;

const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("puggle net", { timeout: 60_000 }, () => {
  let kernel: Kernel;
  let network: PodNetwork;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    network = await makePodNetwork(kernel);
  });

  afterEach(() => puggle("clear"));
  afterAll(() => kernel?.stop());

  function command(action: string, ...options: readonly string[]): readonly string[] {
    return [PUGGLE, "net", action, "--netns", network.podPath, ...options];
  }

  function puggle(action: string, ...options: readonly string[]) {
    return kernel.run(process.execPath, command(action, ...options), { mayFail: true });
  }

  /** `puggle net apply` that goes on, when it has printed that it holds what it applied. */
  async function hold(spec: string): Promise<KernelProcess> {
    await kernel.writeFile(SPEC, spec);
    const holder = await kernel.start(process.execPath, command("apply", "-f", SPEC, "--lease", `${LEASE_MS / 1_000}s`));
    await until(() => holder.stdout().includes("held by this process"));
    return holder;
  }

  async function delayTo(address = network.farIpv4[0] ?? ""): Promise<number> {
    const { roundTripsMs } = await ping(kernel, { to: address, launcher: network.inPod, count: 5 });
    return fastest(roundTripsMs);
  }

  test("delays what its spec says, follows the file, and clears it at Ctrl-C", async () => {
    const holder = await hold("egress: [{ delay: 40ms }]\n");
    expect(await delayTo()).toBeGreaterThan(39.5);
    expect(await delayTo(network.farIpv6[0])).toBeGreaterThan(39.5);
    await kernel.writeFile(SPEC, "egress: [{ delay: 90ms }]\n");
    await until(async () => (await delayTo()) > 89.5);
    expect(JSON.parse((await puggle("show", "--json")).stdout)).toMatchObject({
      isHeld: true,
      applied: "True",
      rules: [{ matched: "True" }],
    });
    // A terminal tells the whole group, the resident tools too.
    holder.kill("SIGINT", { isForGroup: true });
    expect(await holder.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining("SIGINT"),
      stdout: expect.stringMatching(/\ncleared\n$/),
    });
    expect(await delayTo()).toBeLessThan(5);
    expect(await residueOf(kernel, network.pod)).toEqual(RESIDUE);
  });

  test("holds it as long as it renews the lease, and not when it is killed", async () => {
    const holder = await hold("ingress: [{ delay: 40ms }]\n");
    await sleep(2 * LEASE_MS);
    expect(await delayTo()).toBeGreaterThan(39.5);
    holder.kill("SIGKILL");
    await holder.ended;
    await until(async () => (await delayTo()) < 5);
    expect((await puggle("clear")).code).toBe(0);
    expect(await residueOf(kernel, network.pod)).toEqual(RESIDUE);
  });

  test("goes on where somebody kills its tools, and clears all the same", async () => {
    const holder = await hold("egress: [{ delay: 40ms }]\n");
    await kernel.run("pkill", ["-9", "-x", "tc|ip|ipset"]);
    await sleep(2 * LEASE_MS);
    expect(await delayTo()).toBeGreaterThan(39.5);
    holder.kill("SIGINT", { isForGroup: true });
    expect((await holder.ended).code).toBe(130);
    expect(await residueOf(kernel, network.pod)).toEqual(RESIDUE);
  });

  test("leaves it for as long as it was told, and ends", async () => {
    await kernel.writeFile(SPEC, "egress: [{ delay: 40ms }]\n");
    const { stdout, code } = await puggle("apply", "-f", SPEC, "--for", "10s");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/applied in \d+ ms.*\nit stays for 10 s; then packets pass untouched\n$/s)]);
    expect(await delayTo()).toBeGreaterThan(39.5);
    expect((await puggle("show")).stdout).toMatch(/1 leaf, nobody holds it; in force for \d s more/);
    await until(async () => (await delayTo()) < 5);
    expect((await puggle("show")).stdout).toContain("1 leaf, nobody holds it; its lease has run out: packets pass untouched");
  });

  test("emulates two devices of a namespace, each by itself, and leaves alone what others call as it calls its own", async () => {
    await kernel.shell(SECOND_DEVICE, [network.pod, network.far]);
    const others = async () => (await kernel.shell('ip -n "$1" -o link show | grep pgl', [network.pod])).stdout;
    const before = await others();
    try {
      const delays = async () => [await delayTo(), await delayTo("10.8.0.1")].map(toTens);
      await kernel.writeFile(SPEC, "egress: [{ delay: 40ms }]\n");
      expect((await puggle("apply", "-f", SPEC, "--for", "1m")).code).toBe(0);
      await kernel.writeFile(SPEC, "egress: [{ delay: 70ms }]\n");
      expect((await puggle("apply", "-f", SPEC, "--for", "1m", "--device", "net1")).code).toBe(0);
      expect(await delays()).toEqual([40, 70]);
      // Each has a lease of its own.
      expect((await puggle("apply", "-f", SPEC, "--for", "1s", "--device", "net1")).code).toBe(0);
      await until(async () => (await delays()).join() === "40,0");
      expect((await puggle("clear", "--device", "net1")).code).toBe(0);
      expect(await delays()).toEqual([40, 0]);
      expect((await puggle("clear")).code).toBe(0);
      expect(await delays()).toEqual([0, 0]);
      expect(await others()).toBe(before);
    } finally {
      await kernel.shell('for device in net1 pgl0 pgl7; do ip -n "$1" link del $device; done', [network.pod]);
    }
    expect(await residueOf(kernel, network.pod)).toEqual(RESIDUE);
  });

  test("is asked to end by another that clears, and not joined by another that applies", async () => {
    const holder = await hold("egress: [{ delay: 40ms }]\n");
    expect(await puggle("apply", "-f", SPEC)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`process ${holder.pid} looks after`),
    });
    expect((await puggle("clear")).code).toBe(0);
    expect((await holder.ended).code).toBe(0);
    expect(await delayTo()).toBeLessThan(5);
  });

  test("keeps what is in force where the file becomes wrong, and says so", async () => {
    const holder = await hold("egress: [{ delay: 40ms }]\n");
    await kernel.writeFile(SPEC, "egress: [{ delay: 40 }]\n");
    await until(() => holder.stdout().includes("still as before: /tmp/spec.yaml:1:19: rule 'egress[0]': 'delay' is the number 40"));
    expect(await delayTo()).toBeGreaterThan(39.5);
    holder.kill("SIGTERM");
    expect((await holder.ended).code).toBe(143);
  });

  test("verifies its leaves by packets that nobody else sees", async () => {
    await kernel.writeFile(SPEC, "egress: [{ delay: 40ms, loss: 20% }, { to: [{ cidr: 10.9.9.0/24 }], rate: 1mbit }]\n");
    const { stdout } = await puggle("apply", "-f", SPEC, "--for", "1m", "--verify", "--json");
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const verdict = events.find(({ event }) => event === "verified").rules["egress[0]"];
    expect(verdict).toMatchObject({ verified: "True", sent: 200 });
    expect(verdict.delayMs).toBeGreaterThan(39.5);
    expect(verdict.delayMs).toBeLessThan(41);
    expect(verdict.lost).toBeGreaterThan(15);
  });

  test("prints what it would do, and does nothing", async () => {
    await kernel.writeFile(SPEC, "egress: [{ to: [{ cidr: 10.9.0.0/24, ports: [80], protocol: tcp }], delay: 40ms }]\n");
    const before = await residueOf(kernel, network.pod);
    const { stdout, code } = await puggle("apply", "-f", SPEC, "--dry-run");
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(
        "tc filter add dev eth0 egress protocol ip pref 1000 flower ip_proto udp dst_port 53 action pass cookie 7067\n",
      ),
    ]);
    expect(await residueOf(kernel, network.pod)).toEqual(before);
  });
});

/** Of milliseconds: the next lower. */
function toTens(milliseconds: number): number {
  return Math.floor((milliseconds + 0.5) / 10) * 10;
}
