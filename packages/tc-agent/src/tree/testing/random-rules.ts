import fc from "fast-check";
import type { Degradation, Emulation, Match, Rule, Rules } from "../../spec/emulation.ts";
import type { SeenPacket } from "./packet-model.ts";

/** Networks that lie in each other, and beside. */
const CIDRS = {
  4: ["0.0.0.0/0", "10.0.0.0/8", "10.128.0.0/9", "10.1.0.0/16", "10.1.2.3/32", "10.1.2.2/31", "0.0.0.0/1"],
  6: ["::/0", "2001:db8::/32", "2001:db8:8000::/33", "2001:db8::/127", "2001:db8::1/128", "2001:db8:0:0:1::/80", "8000::/1"],
} as const;
const ADDRESSES = {
  4: ["10.1.2.3", "10.1.2.2", "10.1.0.1", "10.200.0.1", "192.0.2.1", "9.9.9.9"],
  6: ["2001:db8::1", "2001:db8::", "2001:db8:9000::1", "2001:db8:0:0:1::7", "fe80::1", "2001:db9::1"],
} as const;
const PORTS = [0, 1, 2, 7, 8, 79, 80, 1023, 1024, 65_534, 65_535];

const family = fc.constantFrom(4 as const, 6 as const);
const port = fc.constantFrom(...PORTS);
const range = fc.tuple(port, port).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const single = port.map((one) => ({ from: one, to: one }));
const withPorts = (ports: typeof range) =>
  fc.record({ protocol: fc.constantFrom("tcp", "udp", "sctp"), ports, localPorts: ports }, { requiredKeys: ["protocol"] });
const withoutPorts = fc.record({ protocol: fc.constantFrom("tcp", "udp", "sctp", "icmp") }, { requiredKeys: [] });

const matchWith = (ports: typeof range): fc.Arbitrary<Match> =>
  family.chain((version) =>
    fc
      .tuple(fc.constantFrom(...CIDRS[version]), fc.oneof(withPorts(ports), withoutPorts))
      .map(([cidr, rest]) => ({ family: version, cidr, ...rest }) as Match),
  );

const NOTHING: Degradation = { kind: "degradation", delayUs: 0, jitterUs: 0, delayCorrelation: 0 };

/** Few, so that rules often share theirs, and that one often becomes another. */
const emulation: fc.Arbitrary<Degradation> = fc.constantFrom(
  { ...NOTHING, delayUs: 10_000 },
  { ...NOTHING, delayUs: 20_000 },
  { ...NOTHING, delayUs: 20_000, jitterUs: 5_000, distribution: "normal" as const },
  { ...NOTHING, delayUs: 10_000, corrupt: { probability: 0.01, correlation: 0 } },
  { ...NOTHING, rate: 8_000_000 },
  { ...NOTHING, rate: 16_000_000, delayUs: 10_000, queueUs: 20_000 },
);

export interface Kinds {
  /** Exceptions and partitions, which u32 alone can not do. */
  readonly isWhole: boolean;
  /** Of u32 a range takes up to 30 filters, and two of them 900. */
  readonly hasRanges?: boolean;
}

/** Rules of both directions with names of their own, as a spec gives them. */
export function randomRules({ isWhole, hasRanges = true }: Kinds): fc.Arbitrary<Rules> {
  const match = matchWith(hasRanges ? range : single);
  const someEmulation: fc.Arbitrary<Emulation> = isWhole
    ? fc.oneof({ weight: 5, arbitrary: emulation }, fc.constant({ kind: "partition" as const }))
    : emulation;
  const rule = fc.record({
    direction: fc.constantFrom("egress" as const, "ingress" as const),
    matches: fc.array(match, { minLength: 1, maxLength: 3 }),
    except: isWhole ? fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(match, { maxLength: 2 })) : fc.constant([]),
    emulation: someEmulation,
  });
  return fc.record({ rules: fc.array(rule, { maxLength: 5 }), pass: fc.array(match, { maxLength: 2 }) }).map(({ rules, pass }) => ({
    rules: rules.map((one, index): Rule => ({ name: `rule ${index}`, ...one })),
    pass,
  }));
}

export const MARK = { value: 0x10, mask: 0xf0 };
const mark = fc.constantFrom(0, 0x10, 0x1f, 0x20);

export const packet: fc.Arbitrary<SeenPacket> = family.chain((version) =>
  fc
    .record({
      direction: fc.constantFrom("egress" as const, "ingress" as const),
      address: fc.constantFrom(...ADDRESSES[version]),
      protocol: fc.constantFrom("tcp" as const, "udp" as const, "sctp" as const, "icmp" as const, "other" as const),
      port,
      localPort: port,
      mark,
      connectionMark: mark,
    })
    .map(({ port, localPort, ...rest }) => ({
      family: version,
      ...rest,
      ...(rest.protocol === "icmp" || rest.protocol === "other" ? { icmpType: 8 } : { port, localPort }),
    })),
);
