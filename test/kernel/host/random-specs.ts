import { parseSpec, type Rules, resolveSpec } from "@puggle/tc-agent";
import fc from "fast-check";

interface Peer {
  readonly cidr?: string;
  readonly protocol?: string;
  readonly ports?: readonly (number | string)[];
}

/** A rule that asks for no loss: fast enough for all that is sent, and with room for what comes at once. */
export interface WrittenRule {
  readonly name: string;
  readonly direction: "egress" | "ingress";
  readonly peers: readonly Peer[];
  readonly mbit: number;
  readonly queueMs: number;
}

type Draft = Omit<WrittenRule, "name">;

type Change =
  | { readonly kind: "add"; readonly rule: Draft; readonly at: number }
  | { readonly kind: "remove" | "clear" | "again" }
  | { readonly kind: "rate"; readonly mbit: number; readonly queueMs: number }
  | { readonly kind: "peers"; readonly peers: readonly Peer[] };

/** What a step does to the rule, of those there are, that is chosen by a number. */
type Choice = readonly [change: Change, which: number];

const mbit = fc.constantFrom(200, 300, 500, 1_000, 4_000);
const queueMs = fc.constantFrom(100, 200, 400);
const cidr = fc.constantFrom("10.9.0.0/24", "10.9.0.1", "fd00:9::/64", "fd00:9::1", "0.0.0.0/0", "::/0", "203.0.113.0/24");
const ports = fc.constantFrom<readonly (number | string)[]>([5201], [5202], ["5200-5203"], ["5000-6999"], [443, 8080]);
const peer: fc.Arbitrary<Peer> = fc
  .record({ cidr, protocol: fc.constantFrom("udp", "tcp"), ports }, { requiredKeys: [] })
  .filter((given) => Object.keys(given).length > 0);
const peers = fc.array(peer, { minLength: 1, maxLength: 3 });
const rule: fc.Arbitrary<Draft> = fc.record({ direction: fc.constantFrom("egress", "ingress"), peers, mbit, queueMs });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), rule, at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("rate" as const), mbit, queueMs }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("peers" as const), peers }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("clear" as const, "again" as const) }) },
);

/** What a namespace shall emulate after each of many steps; `undefined` where all is to be cleared. */
export function randomSteps(count: number): fc.Arbitrary<readonly (Rules | undefined)[]> {
  return fc.array(fc.tuple(change, fc.nat()), { minLength: count, maxLength: count }).map(follow);
}

function follow(choices: readonly Choice[]): readonly (Rules | undefined)[] {
  let rules: readonly WrittenRule[] = [];
  return choices.map(([change, which], step) => {
    rules = alter(rules, change, which, `rule-${step}`);
    return rules.length === 0 || change.kind === "clear" ? undefined : readRules(rules);
  });
}

function alter(rules: readonly WrittenRule[], change: Change, which: number, name: string): readonly WrittenRule[] {
  const index = rules.length === 0 ? -1 : which % rules.length;
  const altered = (part: Partial<WrittenRule>) => rules.map((one, at) => (at === index ? { ...one, ...part } : one));
  switch (change.kind) {
    case "add":
      return rules.toSpliced(change.at % (rules.length + 1), 0, { name, ...change.rule });
    case "remove":
      return rules.toSpliced(index, 1);
    case "rate":
      return altered({ mbit: change.mbit, queueMs: change.queueMs });
    case "peers":
      return altered({ peers: change.peers });
    default:
      return rules;
  }
}

/** Rules of both directions, as a spec has them. */
export function readRules(rules: readonly WrittenRule[]): Rules {
  const of = (direction: string, key: string) =>
    rules
      .filter((one) => one.direction === direction)
      .map(({ name, peers, mbit, queueMs }) => ({ name, [key]: peers, rate: `${mbit}mbit`, queue: `${queueMs}ms` }));
  const text = JSON.stringify({ egress: of("egress", "to"), ingress: of("ingress", "from") });
  return resolveSpec(parseSpec({ path: "spec.yaml", text }), new Map());
}
