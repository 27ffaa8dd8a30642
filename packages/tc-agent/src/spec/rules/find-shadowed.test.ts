import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSpec } from "../document/parse-spec.ts";
import type { Match, Rule, Rules } from "../emulation.ts";
import { findShadowed } from "./find-shadowed.ts";
import { firstRule } from "./first-rule.ts";
import { matchesPacket, type Packet } from "./packet.ts";
import { resolveSpec } from "./resolve-spec.ts";

function shadowedIn(text: string): string[] {
  const rules = resolveSpec(parseSpec({ path: "s.yaml", text }), new Map());
  return findShadowed(rules).map(({ rule, by, match }) => `${rule}${match ? ` ${match.cidr}` : ""} by ${by.join(" and ")}`);
}

describe("findShadowed", () => {
  it.each<[string, string, string[]]>([
    [
      "nothing of rules that share no packet",
      "egress: [{ to: [{ cidr: 10.0.0.0/9 }], loss: 1% }, { to: [{ cidr: 10.128.0.0/9 }], loss: 1% }]",
      [],
    ],
    [
      "nothing of a rule that has more than the one before it",
      "egress: [{ to: [{ cidr: 10.0.0.0/9 }], loss: 1% }, { to: [{ cidr: 10.0.0.0/8 }], loss: 1% }]",
      [],
    ],
    ["a rule after one for everybody", "egress: [{ loss: 1% }, { to: [{ cidr: 10.0.0.0/8 }], loss: 1% }]", ["egress[1] by egress[0]"]],
    [
      "a rule written first, after one of higher priority",
      "egress: [{ to: [{ cidr: 10.0.0.1 }], loss: 1% }, { priority: 1, loss: 1% }]",
      ["egress[0] by egress[1]"],
    ],
    ["nothing of the other direction", "egress: [{ loss: 1% }]\ningress: [{ loss: 1% }]", []],
    [
      "a match of several",
      "egress: [{ to: [{ cidr: 10.0.0.0/8 }], loss: 1% }, { to: [{ cidr: 10.1.0.0/16 }, { cidr: 192.0.2.1 }], loss: 1% }]",
      ["egress[1] 10.1.0.0/16 by egress[0]"],
    ],
    [
      "a rule that two others take together",
      "egress: [{ to: [{ cidr: 10.0.0.0/9 }], loss: 1% }, { to: [{ cidr: 10.128.0.0/9 }], loss: 1% }, { to: [{ cidr: 10.0.0.0/8 }], loss: 1% }]",
      ["egress[2] by egress[0] and egress[1]"],
    ],
    [
      "a rule that several ports of another take together",
      "egress: [{ to: [{ ports: [80, 81-90] }], loss: 1% }, { to: [{ ports: [80-85], protocol: udp }], loss: 1% }]",
      ["egress[1] by egress[0]"],
    ],
    [
      "nothing that an exception of the earlier rule leaves",
      "egress: [{ except: [{ cidr: 10.0.0.1 }], loss: 1% }, { to: [{ cidr: 10.0.0.0/8 }], loss: 1% }]",
      [],
    ],
    [
      "a rule beside the exceptions of the earlier one",
      "egress: [{ except: [{ cidr: 10.0.0.1 }], loss: 1% }, { to: [{ cidr: 10.0.0.2 }], loss: 1% }]",
      ["egress[1] by egress[0]"],
    ],
    [
      "a rule whose own exceptions take all of it",
      "egress: [{ to: [{ cidr: 10.0.0.1 }], except: [{ cidr: 10.0.0.0/8 }], loss: 1% }]",
      ["egress[0] by egress[0]"],
    ],
    ["a rule for DNS, which passes", "egress: [{ to: [{ ports: [53] }], loss: 1% }]", ["egress[0] by pass"]],
    ["nothing for DNS that is emulated", "dns: emulate\negress: [{ to: [{ ports: [53] }], loss: 1% }]", []],
    ["nothing of a rule whose hosts have no address", "egress: [{ loss: 1% }, { to: [{ host: a.b }], loss: 1% }]", []],
  ])("finds %s", (_what, text, expected) => {
    expect(shadowedIn(text)).toEqual(expected);
  });

  const range = fc.constantFrom(
    ...[
      [1, 1],
      [1, 2],
      [2, 3],
      [1, 3],
      [3, 3],
    ].map(([from = 0, to = 0]) => ({ from, to })),
  );
  const match: fc.Arbitrary<Match> = fc
    .record(
      {
        cidr: fc.constantFrom(
          "0.0.0.0/0",
          "10.0.0.0/30",
          "10.0.0.0/31",
          "10.0.0.2/31",
          "10.0.0.1/32",
          "10.0.0.2/32",
          "::/0",
          "2001:db8::1/128",
        ),
        protocol: fc.constantFrom("tcp", "udp"),
        ports: range,
        localPorts: range,
      },
      { requiredKeys: ["cidr"] },
    )
    .map((fields) => ({ ...fields, family: fields.cidr.includes(":") ? 6 : 4 }));
  const rules: fc.Arbitrary<Rules> = fc.record({
    rules: fc
      .array(
        fc.record({
          direction: fc.constantFrom("egress", "ingress"),
          matches: fc.array(match, { maxLength: 3 }),
          except: fc.array(match, { maxLength: 2 }),
          emulation: fc.constant({ kind: "partition" } as const),
        }),
        { maxLength: 5 },
      )
      .map((list): Rule[] => list.map((rule, index) => ({ ...rule, name: `r${index}` }))),
    pass: fc.array(match, { maxLength: 1 }),
  });

  /** One packet of each kind that the matches above can tell from others. */
  const packets: readonly Packet[] = (["egress", "ingress"] as const).flatMap((direction) =>
    ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.1", "2001:db8::1", "2001:db8::2"].flatMap((address) =>
      (["tcp", "udp", "other"] as const).flatMap((protocol) =>
        [undefined, 1, 2, 3, 4].flatMap((port) =>
          [undefined, 1, 2, 3, 4].map(
            (localPort) =>
              ({
                direction,
                family: address.includes(":") ? 6 : 4,
                address,
                protocol,
                ...(port && { port }),
                ...(localPort && { localPort }),
              }) as const,
          ),
        ),
      ),
    ),
  );

  it("finds exactly the matches of which no packet obeys the rule", () => {
    fc.assert(
      fc.property(rules, (all) => {
        const obeying = Map.groupBy(packets, (packet) => firstRule(all, packet)?.name);
        const expected = all.rules.map(({ name, matches }) =>
          matches.map((own) => !(obeying.get(name) ?? []).some((packet) => matchesPacket(own, packet))),
        );
        const found = findShadowed(all);
        const told = all.rules.map(({ name, matches }) => {
          const ofRule = found.filter(({ rule }) => rule === name);
          return matches.map((own) => ofRule.some((shadowed) => shadowed.match === undefined || shadowed.match === own));
        });
        expect(told).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});

describe("10,000 matches are compared in time that does not tempt anyone to leave it out", () => {
  const rule = (index: number, matches: Match[]): Rule => ({
    name: `r${index}`,
    direction: "egress",
    matches,
    except: [],
    emulation: { kind: "partition" },
  });
  const cases: Readonly<Record<string, (index: number) => Match>> = {
    "of one address each": (index) => ({ family: 4, cidr: `10.0.${index >> 8}.${index & 255}/32` }),
    "of one port of everybody each": (index) => ({
      family: 4,
      cidr: "0.0.0.0/0",
      protocol: "tcp",
      ports: { from: index + 1, to: index + 1 },
    }),
  };
  it.each(Object.entries(cases))("%s", (_what, matchAt) => {
    const own = Array.from({ length: 1000 }, (_, at) =>
      rule(
        at,
        Array.from({ length: 10 }, (_unused, part) => matchAt(at * 10 + part)),
      ),
    );
    const start = performance.now();
    expect(findShadowed({ rules: [...own, rule(1000, [{ family: 4, cidr: "0.0.0.0/0" }])], pass: [] })).toEqual([]);
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});
