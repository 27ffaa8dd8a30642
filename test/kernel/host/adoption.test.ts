import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Engine, namespaceAt, probeFeatures } from "@puggle/tc-agent";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sendDatagrams } from "./datagrams.ts";
import { type HostNetwork, makeHostNetwork } from "./host-network.ts";
import { openLongConnection } from "./long-connection.ts";
import { readRules, type WrittenRule } from "./random-specs.ts";
import { findMissingOnHost } from "./requirements.ts";

const SECONDS = 6;
const RULES: readonly WrittenRule[] = [
  { name: "databases", direction: "egress", peers: [{ cidr: "203.0.113.0/24", ports: [5_432] }], mbit: 200, queueMs: 100 },
  { name: "all", direction: "egress", peers: [{ cidr: "0.0.0.0/0" }, { cidr: "::/0" }], mbit: 500, queueMs: 200 },
  { name: "far", direction: "ingress", peers: [{ cidr: "10.9.0.1" }, { cidr: "fd00:9::1" }], mbit: 500, queueMs: 200 },
];

const missing = await findMissingOnHost();

describe.skipIf(missing.length > 0)("an engine on this machine's kernel that is killed, under 20,000 packets a second each way", () => {
  let network: HostNetwork;

  beforeEach(async () => {
    network = await makeHostNetwork();
  });

  afterEach(() => network.remove());

  test("leaves a tree that the next one takes over as it is, and changes, without a packet lost", { timeout: 40_000 }, async () => {
    const program = join(import.meta.dirname, "hold-rules.ts");
    const connection = await openLongConnection(network, 6, 7_006);
    const first = spawn(process.execPath, [program, network.near.path, JSON.stringify(readRules(RULES))], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(first.stdout, "data");
    const out = await sendDatagrams(network, { from: "near", family: 4, seconds: SECONDS, port: 5_201 });
    const into = await sendDatagrams(network, { from: "far", family: 6, seconds: SECONDS, port: 5_202 });
    first.kill("SIGKILL");
    await once(first, "exit");

    const next = new Engine({ namespace: namespaceAt(network.near.path), features: await probeFeatures(), leaseSeconds: undefined });
    expect(await next.apply(readRules(RULES))).toMatchObject({ steps: [], pause: undefined });
    expect(await next.status()).toMatchObject({
      applied: "True",
      rules: [{ matched: "Unknown" }, { matched: "True" }, { matched: "True" }],
    });
    const { pause } = await next.apply(readRules(RULES.map((rule) => ({ ...rule, mbit: 1_000 })).slice(1)));
    expect(pause).toBeUndefined();
    await next.clear();
    await next.settled();
    await next.close();

    for (const { lost, unread } of [await out.arrived, await into.arrived]) expect(lost - unread).toBe(0);
    const { sent, returned, isInOrder } = await connection.end();
    expect({ returned, isInOrder }).toEqual({ returned: sent, isInOrder: true });
  });
});
