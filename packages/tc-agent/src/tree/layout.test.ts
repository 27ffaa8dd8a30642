import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Match, Rules } from "../spec/emulation.ts";
import { firstRule } from "../spec/rules/first-rule.ts";
import { BANKS, fill } from "./banks.ts";
import { type Dialect, neighbourDiscovery } from "./classifiers.ts";
import { layOut, type Mark } from "./layout.ts";
import { fateOf, type SeenPacket } from "./testing/packet-model.ts";
import { MARK, packet, randomRules } from "./testing/random-rules.ts";
import type { Filter } from "./tree.ts";

const packets = fc.array(packet, { minLength: 10, maxLength: 30 });

function filtersOf(rules: Rules, dialect: Dialect, mark?: Mark, bank: 0 | 1 = 0): readonly Filter[] {
  return (["egress", "ingress"] as const).flatMap((hook) => fill(bank, hook, layOut(rules, hook, dialect, mark), (rule) => rule));
}

function expected(rules: Rules, seen: SeenPacket): string {
  const rule = firstRule(rules, seen);
  if (rule === undefined) return "pass";
  return rule.emulation.kind === "partition" ? "drop" : rule.name;
}

/** Only a container's packets obey rules; what comes to it unasked does where a match says which of its ports. */
function expectedOfContainer(rules: Rules, seen: SeenPacket): string {
  const mark = seen.direction === "egress" ? seen.mark : seen.connectionMark;
  if (((mark ?? 0) & MARK.mask) === MARK.value) return expected(rules, seen);
  if (seen.direction === "egress") return "pass";
  const named = ({ localPorts }: Match) => localPorts !== undefined;
  return expected({ ...rules, rules: rules.rules.map((rule) => ({ ...rule, matches: rule.matches.filter(named) })) }, seen);
}

describe("the filters of a layout", () => {
  it.each<[Dialect, boolean]>([
    ["flower", true],
    ["u32", false],
  ])("give each packet the first rule that matches it, by %s", (dialect, isWhole) => {
    fc.assert(
      fc.property(randomRules({ isWhole }), packets, fc.constantFrom(...BANKS), (rules, seen, bank) => {
        const filters = filtersOf(rules, dialect, undefined, bank);
        expect(seen.map((one) => fateOf(one, filters))).toEqual(seen.map((one) => expected(rules, one)));
      }),
      { numRuns: 80 },
    );
  });

  it("give the packets of a container alone their rule, exceptions included", () => {
    fc.assert(
      fc.property(randomRules({ isWhole: true }), packets, (rules, seen) => {
        const filters = filtersOf(rules, "flower", MARK);
        expect(seen.map((one) => fateOf(one, filters))).toEqual(seen.map((one) => expectedOfContainer(rules, one)));
      }),
      { numRuns: 300 },
    );
  });

  it("are none for a hook without rules, whatever passes", () => {
    const pass: Match[] = [{ family: 4, cidr: "10.0.0.0/8" }];
    expect(layOut({ rules: [], pass }, "egress", "flower")).toEqual([]);
  });

  it("share one chain for what exceptions of a rule leave to the rules after it", () => {
    const match: Match = { family: 4, cidr: "0.0.0.0/0" };
    const except: Match[] = [
      { family: 4, cidr: "10.0.0.0/8" },
      { family: 4, cidr: "192.0.2.0/24" },
    ];
    const rule = { direction: "egress" as const, matches: [match], emulation: { kind: "partition" as const } };
    const rules = [
      { ...rule, name: "a", except },
      { ...rule, name: "b", except: [] },
    ];
    expect(layOut({ rules, pass: [] }, "egress", "flower").map(({ length }) => length)).toEqual([4, 2]);
  });
});

it.each<Dialect>(["flower", "u32"])("neighbour discovery is told from all other packets, by %s", (dialect) => {
  const filters = neighbourDiscovery(dialect).map(
    (criterion, index): Filter => ({ hook: "egress", chain: 0, preference: index, ...criterion, action: { kind: "drop" } }),
  );
  const base: SeenPacket = { direction: "egress", family: 6, address: "fe80::1", protocol: "icmp" };
  const types = Array.from({ length: 256 }, (_, icmpType) => icmpType).filter(
    (icmpType) => fateOf({ ...base, icmpType }, filters) === "drop",
  );
  expect(types).toEqual([133, 134, 135, 136, 137]);
  expect(fateOf({ ...base, icmpType: 135, family: 4, address: "10.0.0.1" }, filters)).toBe("pass");
  expect(fateOf({ ...base, icmpType: 135, protocol: "other" }, filters)).toBe("pass");
});
