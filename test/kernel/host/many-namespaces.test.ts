import { Engine, probeFeatures } from "@puggle/tc-agent";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ManyNamespaces, makeManyNamespaces } from "./many-namespaces.ts";
import { readRules } from "./random-specs.ts";
import { findMissingOnHost } from "./requirements.ts";

const COUNT = 100;
const NETWORKS = ["10.0.0.0/8", "fd00::/8"];

const missing = await findMissingOnHost();

describe.skipIf(missing.length > 0)(`${COUNT} namespaces of this machine, held by one process`, () => {
  let made: ManyNamespaces;

  beforeAll(async () => {
    made = await makeManyNamespaces(COUNT);
  });

  afterAll(() => made?.remove());

  test("are all emulated at once, changed at once and cleared at once", async () => {
    const features = await probeFeatures();
    const engines = made.namespaces.map((namespace) => new Engine({ namespace, features, leaseSeconds: undefined }));
    const rules = (mbit: number) =>
      readRules(NETWORKS.map((cidr) => ({ name: `to-${cidr.slice(0, 2)}`, direction: "egress", peers: [{ cidr }], mbit, queueMs: 100 })));
    for (const mbit of [200, 300]) {
      await Promise.all(engines.map((engine) => engine.apply(rules(mbit))));
      const states = await Promise.all(engines.map((engine) => engine.status()));
      const rates = states.map(({ applied, leaves }) => [applied, ...leaves.map(({ qdiscs }) => qdiscs[0]?.parameters.rate)]);
      expect(rates).toEqual(engines.map(() => ["True", ...NETWORKS.map(() => mbit * 125_000)]));
    }
    await Promise.all(engines.map((engine) => engine.clear()));
    await Promise.all(engines.map((engine) => engine.settled()));
    const left = await Promise.all(engines.map((engine) => engine.status()));
    expect(left.flatMap(({ leaves }) => leaves)).toEqual([]);
    await Promise.all(engines.map((engine) => engine.close()));
  });
});
