import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { fastest } from "../measuring/fastest.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { PUGGLE, startHolder } from "./holder.ts";
import { until } from "./until.ts";

const parts = inject("kernelParts");

const SPEC = "/tmp/spec.yaml";
const LOADER = "/proc/sys/kernel/modprobe";
// Asked by the kernel for what it lacks: all but netem.
const WITHOUT_NETEM = `
cat >/run/without-netem <<'SCRIPT'
#!/bin/sh
case "$*" in *netem*) exit 1 ;; esac
exec /run/modules/modprobe "$@"
SCRIPT
chmod +x /run/without-netem
echo /run/without-netem >${LOADER}
`;

describe.skipIf(parts === undefined)("puggle net, where it can not do what it is asked to", { timeout: 180_000 }, () => {
  let kernel: Kernel;
  let network: PodNetwork;
  let networks = 0;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
  });

  afterAll(() => kernel?.stop());

  beforeEach(async () => {
    networks += 1;
    // Some tests take it away, and nothing is left to remove.
    network = await makePodNetwork(kernel, { name: `pod${networks}` });
    await kernel.writeFile(SPEC, "egress: [{ delay: 40ms }]\n");
  });

  // Some of them have no pod any more.
  const apply = (...options: readonly string[]) =>
    kernel.run(process.execPath, [PUGGLE, "net", "apply", "-f", SPEC, "--netns", network.podPath, "--for", "1m", ...options], {
      mayFail: true,
      timeoutMs: 150_000,
    });

  const tc = (...words: readonly string[]) => kernel.run("tc", ["-n", network.pod, ...words]);

  /** All that emulation is made of, whoever made it. */
  const state = async () =>
    (
      await kernel.shell(
        'tc -n "$1" qdisc show; for hook in egress ingress; do tc -n "$1" filter show dev eth0 $hook 2>/dev/null || :; done; ip -n "$1" -o link | cut -d : -f 2; ip netns exec "$1" ipset list -n',
        [network.pod],
      )
    ).stdout;

  test("names the module that is missing, and finds it when it is there", async () => {
    await kernel.shell(WITHOUT_NETEM);
    try {
      const before = await state();
      expect(await apply()).toMatchObject({
        code: 5,
        stderr: expect.stringContaining("the kernel has no netem: load the module sch_netem"),
      });
      expect(await state()).toBe(before);
    } finally {
      await kernel.writeFile(LOADER, "/run/modules/modprobe\n");
    }
    expect(await apply()).toMatchObject({ code: 0 });
  });

  test.for([
    {
      what: "an ingress qdisc",
      make: [["qdisc", "add", "dev", "eth0", "ingress"]],
      says: "eth0 has an ingress qdisc (ffff:) that somebody else put there",
    },
    {
      what: "a token bucket at the root",
      make: [["qdisc", "add", "dev", "eth0", "root", "handle", "7:", "tbf", "rate", "10mbit", "burst", "5k", "latency", "50ms"]],
      says: "eth0 has a tbf qdisc (7:) that somebody else put there",
    },
    {
      what: "a filter where ours go",
      make: [
        ["qdisc", "add", "dev", "eth0", "clsact"],
        ["filter", "add", "dev", "eth0", "egress", "protocol", "ip", "pref", "1003", "matchall", "action", "continue"],
      ],
      says: "eth0 has a matchall filter on egress, chain 0, preference 1003, that somebody else put",
    },
  ])("names $what of somebody else's, and touches nothing", async ({ make, says }) => {
    for (const words of make) await tc(...words);
    const before = await state();
    expect(await apply()).toMatchObject({ code: 5, stderr: expect.stringContaining(says) });
    expect(await state()).toBe(before);
  });

  test("names a device that is not there", async () => {
    const before = await state();
    expect(await apply("--device", "eth7")).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("the network namespace has no device eth7"),
    });
    expect(await state()).toBe(before);
  });

  test("ends when its network is taken away", async () => {
    const holder = await startHolder(
      kernel,
      { target: ["--netns", network.podPath, "--lease", "3s"], name: "gone" },
      { egress: [{ delay: "40ms" }] },
    );
    await kernel.run("ip", ["netns", "delete", network.pod]);
    expect(await holder.process.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('"event":"gone"') });
    await expectGone();
  });

  test("says so where its network is taken away while it is changed", async () => {
    await kernel.writeFile(SPEC, manyRules(300));
    const command = [PUGGLE, "net", "apply", "-f", SPEC, "--netns", network.podPath];
    const applying = await kernel.start(process.execPath, command);
    await until(async () => (await kernel.run("ip", ["-n", network.pod, "-o", "link"])).stdout.includes("pgl3:"));
    await kernel.run("ip", ["netns", "delete", network.pod]);
    const { code, stdout, stderr } = await applying.ended;
    expect({ code, said: `${stdout}${stderr}` }).toEqual({
      code: 5,
      said: expect.stringContaining(`the network namespace ${network.podPath} is gone`),
    });
    await expectGone();
  });

  test("carries out a thousand rules", async () => {
    await kernel.writeFile(SPEC, manyRules(1_000));
    const began = performance.now();
    const { stdout, stderr, code } = await apply();
    const took = /applied in .*/.exec(stdout)?.[0];
    console.log(`${took}; ${Math.round(performance.now() - began)} ms with all that is around it`);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { roundTripsMs } = await ping(kernel, { to: network.farIpv4[0] ?? "", launcher: network.inPod, count: 3 });
    expect(fastest(roundTripsMs)).toBeGreaterThan(39.5);
  });

  test("refuses ten thousand rules at once", async () => {
    await kernel.writeFile(SPEC, manyRules(10_000));
    const before = await state();
    const result = await apply();
    console.log(result.code, result.stderr.slice(0, 500));
    expect(result).toMatchObject({ code: 3, stderr: expect.stringContaining("10000 rules") });
    expect(await state()).toBe(before);
  });

  /** The far end of a device is gone with it, and so are processes that would have kept its network. */
  async function expectGone(): Promise<void> {
    await until(async () => !(await kernel.run("ip", ["-n", network.far, "-o", "link"])).stdout.includes("veth0"));
    expect((await kernel.run("pgrep", ["-f", "batch|ipset -"], { mayFail: true })).stdout).toBe("");
  }
});

/** Each of an address of its own; the last is that of the far side. */
function manyRules(count: number): string {
  const address = (index: number) =>
    index === count - 1 ? "10.9.0.1" : `10.${100 + Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`;
  const rules = Array.from({ length: count }, (_, index) => ({
    to: [{ cidr: address(index) }],
    delay: `${index === count - 1 ? 40 : 1 + (index % 50)}ms`,
  }));
  return JSON.stringify({ egress: rules });
}
