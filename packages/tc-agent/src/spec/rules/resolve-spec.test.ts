import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSpec } from "../document/parse-spec.ts";
import type { EmulationSpec, Match } from "../emulation.ts";
import { hostsOf, resolveSpec } from "./resolve-spec.ts";

function parse(text: string): EmulationSpec {
  return parseSpec({ path: "s.yaml", text: `dns: emulate\n${text}` });
}

/** The matches of a rule's `to`, one a line. */
function matchesOf(peers: string, addressesOf: Readonly<Record<string, readonly string[]>> = {}): string[] {
  const spec = parse(`egress: [{ loss: 1%${peers === "" ? "" : `, to: [${peers}]`} }]`);
  return (resolveSpec(spec, new Map(Object.entries(addressesOf))).rules[0]?.matches ?? []).map(print);
}

function print({ family, cidr, protocol, ports, localPorts }: Match): string {
  const range = (name: string, of: Match["ports"]) => (of === undefined ? "" : ` ${name} ${of.from}-${of.to}`);
  return `${family} ${cidr}${protocol === undefined ? "" : ` ${protocol}`}${range("to", ports)}${range("from", localPorts)}`;
}

describe("resolveSpec", () => {
  it.each<[string, string, string[]]>([
    ["everybody of both families where nobody is named", "", ["4 0.0.0.0/0", "6 ::/0"]],
    ["a block", "{ cidr: 10.0.0.0/8 }", ["4 10.0.0.0/8"]],
    ["a protocol of both families", "{ protocol: icmp }", ["4 0.0.0.0/0 icmp", "6 ::/0 icmp"]],
    ["ports as those of TCP and UDP", '{ cidr: "::1", ports: [53] }', ["6 ::1/128 tcp to 53-53", "6 ::1/128 udp to 53-53"]],
    ["local ports likewise", '{ cidr: "::1", localPorts: [80-81] }', ["6 ::1/128 tcp from 80-81", "6 ::1/128 udp from 80-81"]],
    [
      "every port with every local port",
      "{ cidr: 10.0.0.1, protocol: sctp, ports: [1, 2], localPorts: [3, 4] }",
      [
        "4 10.0.0.1/32 sctp to 1-1 from 3-3",
        "4 10.0.0.1/32 sctp to 1-1 from 4-4",
        "4 10.0.0.1/32 sctp to 2-2 from 3-3",
        "4 10.0.0.1/32 sctp to 2-2 from 4-4",
      ],
    ],
    ["what is said twice once", "{ cidr: 10.0.0.1 }, { cidr: 10.0.0.1/32 }", ["4 10.0.0.1/32"]],
    ["a host's addresses in their order, each once", "{ host: a.b }", ["4 9.0.0.1/32", "4 10.0.0.1/32", "6 2001:db8::1/128"]],
    ["a host without an address as nobody", "{ host: none.b }", []],
    ["a host that was not looked up as nobody", "{ host: unknown.b, ports: [80] }", []],
  ])("tells %s", (_what, peers, expected) => {
    const addresses = { "a.b": ["2001:db8:0::1", "10.0.0.1", "::ffff:9.0.0.1", "2001:db8::1", "nonsense"], "none.b": [] };
    expect(matchesOf(peers, addresses)).toEqual(expected);
  });

  it("resolves exceptions and what passes too, to nobody where they have no address", () => {
    const spec = parse("egress: [{ loss: 1%, except: [{ host: a.b }] }]\npass: { probes: [{ host: c.d }, { cidr: 10.0.0.1 }] }\n");
    const { rules, pass } = resolveSpec(spec, new Map([["c.d", ["10.0.0.2"]]]));
    expect(rules[0]?.except).toEqual([]);
    expect(pass.map(print)).toEqual(["4 10.0.0.2/32", "4 10.0.0.1/32"]);
  });

  it("is the same in whatever order addresses are told", () => {
    const spec = parse("egress: [{ loss: 1%, to: [{ host: a.b, ports: [1, 2] }] }]");
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 8 }), (addresses) => {
        const one = resolveSpec(spec, new Map([["a.b", addresses]]));
        const other = resolveSpec(spec, new Map([["a.b", [...addresses.toReversed(), ...addresses]]]));
        expect(other).toEqual(one);
      }),
    );
  });

  it("refuses what hosts multiply out to more than 10,000 matches", () => {
    const spec = parse("egress: [{ loss: 1%, to: [{ host: a.b }] }]");
    const addresses = Array.from({ length: 10_001 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    expect(() => resolveSpec(spec, new Map([["a.b", addresses]]))).toThrow(
      "the rules multiply out to 10001 matches, more than 10000: name blocks of addresses instead of hosts, or fewer ports",
    );
    expect(resolveSpec(spec, new Map([["a.b", addresses.slice(1)]])).rules[0]?.matches).toHaveLength(10_000);
  });
});

it("hostsOf names the hosts of rules, exceptions and what passes, sorted, each once", () => {
  const spec = parse(
    "egress: [{ loss: 1%, to: [{ host: z.y }, { host: a.b }], except: [{ host: m.n }] }]\ningress: [{ loss: 1%, from: [{ host: a.b }] }]\npass: { probes: [{ host: c.d }] }\n",
  );
  expect(hostsOf(spec)).toEqual(["a.b", "c.d", "m.n", "z.y"]);
});
