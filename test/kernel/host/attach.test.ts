import { setTimeout as sleep } from "node:timers/promises";
import { Engine, namespaceAt, probeFeatures } from "@puggle/tc-agent";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sendDatagrams } from "./datagrams.ts";
import { type HostNetwork, makeHostNetwork } from "./host-network.ts";
import { readRules } from "./random-specs.ts";
import { findMissingOnHost } from "./requirements.ts";

const TIMES = 10;
const SECONDS = 5;
const RULES = readRules([{ name: "fast", direction: "egress", peers: [{ cidr: "10.0.0.0/8" }], mbit: 1_000, queueMs: 200 }]);

const missing = await findMissingOnHost();

describe.skipIf(missing.length > 0)("a device gets its hooks on this machine's kernel, under 20,000 packets a second", () => {
  let network: HostNetwork;

  beforeEach(async () => {
    network = await makeHostNetwork();
  });

  afterEach(() => network.remove());

  /** Attaches again and again: in between the hooks are taken away, as nobody does who does not want to lose packets. */
  const attachOften = async (isGrouped: boolean) => {
    const sent = await sendDatagrams(network, { from: "near", family: 4, seconds: SECONDS, port: 5_201, isGrouped });
    const engine = new Engine({ namespace: namespaceAt(network.near.path), features: await probeFeatures(), leaseSeconds: undefined });
    const pauses = [];
    const began = performance.now();
    for (let time = 0; time < TIMES; time += 1) {
      const { pause } = await engine.apply(RULES);
      pauses.push(pause);
      await sleep(100);
      await engine.clear();
      await engine.settled();
      await network.whileFrozen(() => network.read("near", "tc", "qdisc", "del", "dev", "eth0", "clsact"));
      await sleep(100);
    }
    expect(performance.now() - began, "milliseconds, while datagrams are sent").toBeLessThan(SECONDS * 1_000);
    await engine.close();
    const longest = Math.max(...pauses.map((pause) => pause?.milliseconds ?? 0));
    return { ...(await sent.arrived), unpaused: pauses.map((pause) => pause?.unpaused.length), longest };
  };

  test(`and loses nothing of a sender that it can freeze, ${TIMES} times`, { timeout: 30_000 }, async () => {
    const { lost, unread, unpaused, longest } = await attachOften(true);
    console.log(`frozen for ${longest.toFixed(0)} ms at most`);
    expect(unpaused).toEqual(Array(TIMES).fill(0));
    expect(lost - unread).toBe(0);
  });

  test("and tells of a sender that it can not freeze, which loses some", { timeout: 30_000 }, async () => {
    const { total, lost, unread, unpaused } = await attachOften(false);
    console.log(`of ${total} datagrams ${lost - unread} were lost, by ${TIMES} times attaching and removing`);
    expect(unpaused).toEqual(Array(TIMES).fill(1));
  });
});
