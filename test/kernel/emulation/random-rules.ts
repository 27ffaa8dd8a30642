import type { Degradation, Match, Rule, Rules } from "@puggle/tc-agent";
import fc from "fast-check";

/** Emulation that asks for no loss: delays, and rates with room for all that is sent. */
const degradation: fc.Arbitrary<Degradation> = fc
  .record({
    delayUs: fc.integer({ min: 0, max: 80_000 }),
    jitter: fc.constantFrom(0, 0, 0.2),
    rate: fc.constantFrom(undefined, undefined, 50_000_000, 100_000_000),
    queueUs: fc.constantFrom(200_000, 400_000),
  })
  .map(({ delayUs, jitter, rate, queueUs }) => ({
    kind: "degradation",
    delayUs: Math.max(delayUs, rate === undefined ? 1_000 : 0),
    jitterUs: Math.floor(delayUs * jitter),
    delayCorrelation: 0,
    ...(rate === undefined ? {} : { rate, queueUs }),
  }));

const cidr = fc.constantFrom("10.9.0.0/24", "10.9.0.1/32", "fd00:9::/64", "fd00:9::1/128", "0.0.0.0/0", "::/0", "203.0.113.0/24");
const match: fc.Arbitrary<Match> = fc
  .record({ cidr, protocol: fc.constantFrom(undefined, "udp", "tcp", "icmp") })
  .map(({ cidr, protocol }) => ({
    family: cidr.includes(":") ? 6 : 4,
    cidr,
    ...(protocol === undefined ? {} : { protocol: protocol as "udp" }),
  }));

const rule: fc.Arbitrary<Omit<Rule, "name">> = fc.record({
  direction: fc.constantFrom("egress", "ingress"),
  matches: fc.array(match, { minLength: 1, maxLength: 3 }),
  except: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(match, { minLength: 1, maxLength: 1 }) }),
  emulation: degradation,
});

/** Rules as another step may have them: some as they were, one changed, none or one more. */
const rules: fc.Arbitrary<Rules> = fc
  .array(rule, { maxLength: 4 })
  .map((list) => ({ rules: list.map((one, index) => ({ ...one, name: `rule-${index}` })), pass: [] }));

/** What a namespace shall emulate after each of many steps: attached and detached, a rule's emulation changed, rules added, removed, and in another order. */
export function randomSteps(count: number): fc.Arbitrary<readonly Rules[]> {
  const step = fc.tuple(fc.constantFrom("new", "emulation", "emulation", "drop", "turn", "nothing"), rules, degradation);
  return fc.array(step, { minLength: count, maxLength: count }).map((steps) => {
    let current: Rules = { rules: [], pass: [] };
    return steps.map(([kind, fresh, emulation]) => {
      current = alter(current, kind, fresh, emulation);
      return current;
    });
  });
}

function alter(current: Rules, kind: string, fresh: Rules, emulation: Degradation): Rules {
  const [first, ...rest] = current.rules;
  if (kind === "nothing") return { rules: [], pass: [] };
  if (kind === "new" || first === undefined) return fresh;
  if (kind === "emulation") return { ...current, rules: [{ ...first, emulation }, ...rest] };
  return { ...current, rules: kind === "drop" ? rest : [...rest, first] };
}
