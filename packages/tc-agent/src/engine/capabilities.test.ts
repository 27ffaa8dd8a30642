import { describe, expect, it } from "vitest";
import type { Features } from "../kernel/features.ts";
import { parseSpec, resolveSpec } from "../spec/index.ts";
import { dialectFor, refuseUnsupported } from "./capabilities.ts";

const ALL: Features = {
  netem: true,
  tbf: true,
  redirect: true,
  flower: true,
  u32: true,
  actions: true,
  marks: true,
  connmark: true,
  lease: true,
  seed: true,
};
const MARK = { value: 1, mask: 1 };
const without = (...missing: readonly (keyof Features)[]): Features => ({
  ...ALL,
  ...Object.fromEntries(missing.map((feature) => [feature, false])),
});

function refusal(text: string, features: Features, { isLeased = true, mark = undefined as typeof MARK | undefined } = {}): string {
  const rules = resolveSpec(parseSpec({ path: "spec.yaml", text }), new Map());
  try {
    refuseUnsupported(rules, features, { isLeased, mark });
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe("rules are refused", () => {
  it.each<[string, string, Features, string]>([
    [
      "with the rule that needs what is missing",
      "egress: [{ rate: 1mbit }, { delay: 1ms, seed: 7 }]",
      without("seed"),
      "rule 'egress[1]': netem takes no seed here",
    ],
    [
      "with all that is missing",
      "egress: [{ delay: 1ms, rate: 1mbit }]",
      without("netem", "lease"),
      "install the package ipset, and load the modules ip_set_hash_net, cls_basic and em_ipset; rule 'egress[0]': the kernel has no netem",
    ],
    [
      "where exceptions have nowhere to go",
      "egress: [{ delay: 1ms, except: [{ cidr: 10.0.0.0/8 }] }]",
      without("flower", "actions"),
      "rule 'egress[0]': the kernel has no actions",
    ],
  ])("%s", (_, text, features, message) => {
    expect(refusal(text, features)).toContain(message);
  });

  it("for one container where its packets can not be told", () => {
    const text = "ingress: [{ delay: 1ms }]";
    expect(refusal(text, without("marks", "connmark"))).toBe("");
    const message = refusal(text, without("marks", "connmark"), { mark: MARK });
    expect(message).toMatch(/cls_fw and cls_matchall; .*act_connmark/);
  });

  it("not where nothing is missing that they need, nor where there are none", () => {
    expect(refusal("egress: [{ rate: 1mbit }]", without("netem", "seed", "marks"))).toBe("");
    expect(refusal("egress: [{ rate: 1mbit }]", without("lease"), { isLeased: false })).toBe("");
  });
});

it("packets are told apart by u32 where flower, or the actions that it needs here, are missing", () => {
  expect([ALL, without("flower"), without("actions")].map(dialectFor)).toEqual(["flower", "u32", "u32"]);
});
