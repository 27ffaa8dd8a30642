import { parseSpec, type Rules, resolveSpec, firstRule as ruleOf } from "@puggle/tc-agent";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import type { Asking } from "../measuring/ask.ts";
import { askAll, startAnswering } from "../measuring/exchange.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { type Holder, startHolder, type WrittenSpec } from "./holder.ts";

const parts = inject("kernelParts");

/** Rules tell by their delays which of them a packet obeyed: they are multiples of this. */
const STEP_MS = 120;
const PORTS = [53, 80, 443, 5_432, 8_000, 8_005, 8_010, 8_011];
const LOCAL_PORTS = [40_000, 40_001];

const AGAIN_AT_MOST = 2;

/** A packet to send: by ping, or as a datagram or connection. */
type Asked = Asking | { readonly protocol: "icmp"; readonly address: string; readonly port?: undefined; readonly localPort?: undefined };

/** Rules of one direction, by the word that it has for whom they are about. Each has a delay of its own. */
function table(peers: "to" | "from"): readonly object[] {
  return [
    { [peers]: [{ cidr: "10.9.0.1", ports: [5_432], protocol: "tcp" }], delay: `${STEP_MS}ms` },
    {
      [peers]: [{ cidr: "10.9.1.0/24" }, { cidr: "fd00:9:1::/48" }],
      except: [{ ports: ["8000-8010"] }, { protocol: "icmp" }],
      delay: `${2 * STEP_MS}ms`,
    },
    {
      [peers]: [
        { ports: ["8005-8011"], protocol: "udp" },
        { cidr: "fd00:9::1", ports: [80], protocol: "tcp" },
      ],
      delay: `${3 * STEP_MS}ms`,
    },
    {
      [peers]: [
        { protocol: "icmp", cidr: "fd00:9::/48" },
        { cidr: "10.9.2.1", localPorts: [40_000] },
        { cidr: "fd00:9:2::1", localPorts: [40_000] },
      ],
      delay: `${4 * STEP_MS}ms`,
    },
    {
      [peers]: [
        { cidr: "10.9.2.1", ports: [443] },
        { cidr: "fd00:9:2::1", ports: [443], protocol: "udp" },
      ],
      partition: true,
    },
    { [peers]: [{ cidr: "10.9.1.0/24", ports: [8_000] }], priority: 5, delay: `${5 * STEP_MS}ms` },
  ];
}

describe.skipIf(parts === undefined)("filters of puggle net", { timeout: 120_000 }, () => {
  let kernel: Kernel;
  let network: PodNetwork;
  let holder: Holder;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    network = await makePodNetwork(kernel, { farAddresses: 3 });
    const addresses = [...network.farIpv4, ...network.farIpv6];
    await startAnswering(kernel, network.inFar, { addresses, ports: PORTS });
    await startAnswering(kernel, network.inPod, { addresses: [network.podIpv4, network.podIpv6], ports: [8_080, 8_081] });
    holder = await startHolder(kernel, { target: ["--netns", network.podPath], name: "filters" }, { egress: [{ delay: "1ms" }] });
  });

  afterAll(() => kernel?.stop());

  /** How long the first answer to each packet takes. */
  async function measure(all: readonly Asked[]): Promise<{ readonly asking: Asked; readonly time: number | undefined }[]> {
    const asked = all.filter((asking) => asking.protocol !== "icmp");
    const pinged = all.filter((asking) => asking.protocol === "icmp");
    const [times, ...pings] = await Promise.all([
      asked.length === 0 ? [] : askAll(kernel, network.inPod, asked),
      ...pinged.map(({ address }) => ping(kernel, { to: address, launcher: network.inPod, count: 1, waitMs: 900 })),
    ]);
    return [
      ...asked.map((asking, index) => ({ asking, time: times[index] })),
      ...pinged.map((asking, index) => ({ asking, time: pings[index]?.roundTripsMs[0] })),
    ];
  }

  test.for([
    { direction: "egress", spec: { egress: table("to") } },
    { direction: "ingress", spec: { ingress: table("from") } },
    { direction: "egress, DNS too", spec: { egress: [{ to: [{ ports: [53] }], delay: `${STEP_MS}ms` }], dns: "emulate" } },
  ] as const satisfies readonly { direction: string; spec: WrittenSpec }[])(
    "touch what the model of them says, and nothing else: $direction",
    async ({ spec }) => {
      const rules = resolveSpec(parseSpec({ path: "spec.yaml", text: JSON.stringify(spec) }), new Map());
      await holder.apply(spec);
      const addresses = [...network.farIpv4, ...network.farIpv6];
      const asked = addresses.flatMap((address) =>
        (["tcp", "udp"] as const).flatMap((protocol) =>
          PORTS.flatMap((port) => LOCAL_PORTS.map((localPort) => ({ protocol, address, port, localPort }))),
        ),
      );
      const all: readonly Asked[] = [...asked, ...addresses.map((address) => ({ protocol: "icmp", address }) as const)];
      let packets = await measure(all);
      // On a busy machine an answer may be late, and none is ever early: those that were late are asked for again.
      for (let again = 0; again < AGAIN_AT_MOST; again += 1) {
        const late = packets.filter(({ asking, time }) => stepsOf(time) > expectedSteps(rules, asking));
        packets = [...packets.filter((one) => !late.includes(one)), ...(await measure(late.map(({ asking }) => asking)))];
      }
      const wrong = packets.filter(({ asking, time }) => stepsOf(time) !== expectedSteps(rules, asking));
      const touched = packets.filter(({ asking }) => expectedSteps(rules, asking) !== 0).length;
      console.log(`${packets.length} packets, ${touched} of them touched`);
      expect(wrong.map((one) => ({ ...one, expected: expectedSteps(rules, one.asking) }))).toEqual([]);
    },
  );

  describe("where nothing else gets through", () => {
    const NOTHING = { egress: [{ partition: true }], ingress: [{ partition: true }] };

    test("let ARP and neighbour discovery pass", async () => {
      await holder.apply({ ...NOTHING, dns: "emulate" });
      await kernel.run("ip", ["-n", network.pod, "neigh", "flush", "all"]);
      await kernel.run("ip", ["-n", network.far, "neigh", "flush", "all"]);
      const far = [network.farIpv4[0] ?? "", network.farIpv6[0] ?? ""];
      const pod = [network.podIpv4, network.podIpv6];
      const pings = [...far.map((to) => ({ to, launcher: network.inPod })), ...pod.map((to) => ({ to, launcher: network.inFar }))];
      for (const { received } of await Promise.all(pings.map((one) => ping(kernel, { ...one, count: 2, waitMs: 300 }))))
        expect(received).toBe(0);
      for (const [namespace, addresses] of [
        [network.pod, far],
        [network.far, pod],
      ] as const) {
        const { stdout } = await kernel.run("ip", ["-n", namespace, "neigh", "show"]);
        for (const address of addresses)
          expect(stdout).toMatch(new RegExp(`^${address} dev \\S+ lladdr \\S+ .*(REACHABLE|STALE|DELAY|PROBE)`, "m"));
      }
    });

    test("let probes pass, from their address to their port and back, and DNS", async () => {
      const [near = "", probe = ""] = network.farIpv4;
      const [near6 = "", probe6 = ""] = network.farIpv6;
      const probes = [probe, probe6].map((cidr) => ({ cidr, protocol: "tcp", localPorts: [8_080] }));
      await holder.apply({ ...NOTHING, pass: { probes } });
      const incoming = ([localAddress, address]: readonly [string, string], port: number): Asking => ({
        protocol: "tcp",
        address,
        port,
        localAddress,
      });
      const families = [
        [probe, network.podIpv4],
        [probe6, network.podIpv6],
      ] as const;
      const others = [
        [near, network.podIpv4],
        [near6, network.podIpv6],
      ] as const;
      const fromFar = [
        ...families.map((one) => incoming(one, 8_080)),
        ...families.map((one) => incoming(one, 8_081)),
        ...others.map((one) => incoming(one, 8_080)),
      ];
      const arrived = (times: readonly (number | undefined)[]) => times.map((time) => time !== undefined);
      const fromPod = [near, near6].flatMap((address) =>
        [53, 80].flatMap((port) => (["udp", "tcp"] as const).map((protocol) => ({ protocol, address, port }))),
      );
      const [probed, sent] = await Promise.all([askAll(kernel, network.inFar, fromFar), askAll(kernel, network.inPod, fromPod)]);
      expect(arrived(probed)).toEqual([true, true, false, false, false, false]);
      expect(arrived(sent)).toEqual([true, true, false, false, true, true, false, false]);
    });

    test("let no DNS pass where it is asked for", async () => {
      await holder.apply({ ...NOTHING, dns: "emulate" });
      const [address = ""] = network.farIpv4;
      expect(await askAll(kernel, network.inPod, [{ protocol: "udp", address, port: 53 }])).toEqual([undefined]);
    });
  });
});

/** By how many steps it was delayed; `Infinity` where it did not arrive. A moment's load adds less than a half of one. */
function stepsOf(time: number | undefined): number {
  return time === undefined ? Number.POSITIVE_INFINITY : Math.round((time - STEP_MS / 4) / STEP_MS);
}

/** Of the packet there and of its answer, together. */
function expectedSteps(rules: Rules, { address, protocol, port, localPort }: Asked): number {
  const family = address.includes(":") ? 6 : 4;
  const ports = { ...(port === undefined ? {} : { port }), ...(localPort === undefined ? {} : { localPort }) };
  return (["egress", "ingress"] as const).reduce((sum, direction) => {
    const emulation = ruleOf(rules, { direction, family, address, protocol, ...ports })?.emulation;
    if (emulation === undefined) return sum;
    return emulation.kind === "partition" ? Number.POSITIVE_INFINITY : sum + emulation.delayUs / 1_000 / STEP_MS;
  }, 0);
}
