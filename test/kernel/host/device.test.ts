import { Engine, namespaceAt, probeFeatures } from "@puggle/tc-agent";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HostNetwork, makeHostNetwork } from "./host-network.ts";
import { readRules } from "./random-specs.ts";
import { findMissingOnHost } from "./requirements.ts";
import { residueOf } from "./residue.ts";

const RULES = readRules([
  { name: "out", direction: "egress", peers: [{ cidr: "10.0.0.0/8" }], mbit: 200, queueMs: 100 },
  { name: "in", direction: "ingress", peers: [{ cidr: "fd00::/8" }], mbit: 300, queueMs: 100 },
]);

const missing = await findMissingOnHost();

describe.skipIf(missing.length > 0)("an engine that keeps rules on this machine's kernel", () => {
  let network: HostNetwork;

  beforeEach(async () => {
    network = await makeHostNetwork();
  });

  afterEach(() => network.remove());

  test("puts them on a device that took the place of another, and takes them away again", async () => {
    const engine = new Engine({ namespace: namespaceAt(network.near.path), features: await probeFeatures(), leaseSeconds: undefined });
    await engine.apply(RULES);
    await network.read("near", "ip", "link", "del", "eth0");
    await expect(engine.keep()).rejects.toMatchObject({ code: "no-device" });
    await network.read("near", "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far0");
    await network.read("near", "ip", "link", "set", "eth0", "up");
    await engine.keep();
    expect(await engine.status()).toMatchObject({ applied: "True" });
    expect((await engine.keep()).steps).toEqual([]);
    await engine.clear();
    await engine.settled();
    await engine.close();
    expect(await residueOf(network)).toMatchObject({ devices: ["eth0", "far0", "lo"], filters: [65_000, 65_010] });
  });
});
