import type { Direction, Match, Rule, Rules } from "../spec/emulation.ts";
import { type Criterion, criteriaOf, type Dialect, everyPacket } from "./classifiers.ts";

/** What becomes of a packet, before leaves have devices and chains have numbers. */
type Verdict =
  | { readonly kind: "leaf" | "drop"; readonly rule: string }
  | { readonly kind: "pass" | "continue" | "restore-mark" }
  | { readonly kind: "goto"; readonly chain: number };

export interface Placed {
  readonly criterion: Criterion;
  readonly verdict: Verdict;
}

/** The filters of one hook, first to last: the first chain is where packets come in, the others are where filters send them. */
export type Layout = readonly (readonly Placed[])[];

/** The mark by which a container's packets are known, and the bits of it that count. */
export interface Mark {
  readonly value: number;
  readonly mask: number;
}

/**
 * Lays out the filters that give each packet of a hook the first rule that matches it, and none to what must pass.
 *
 * Where a rule has exceptions, they go on in a chain that has the rules after it. With a mark only packets that carry it meet rules; what comes in has it by
 * its connection, where the container opened that, and else only rules that name local ports hold for it.
 */
export function layOut({ rules, pass }: Rules, hook: Direction, dialect: Dialect, mark?: Mark): Layout {
  const own = rules.filter(({ direction }) => direction === hook);
  if (own.length === 0) return [];
  const chains: Placed[][] = [[]];
  const expand = (matches: readonly Match[], verdict: Verdict) =>
    matches.flatMap((match) => criteriaOf(match, hook, dialect).map((criterion) => ({ criterion, verdict })));

  /** Gives rules their filters, each with its own chain for those after it where exceptions need one. */
  const place = (some: readonly Rule[]) => {
    const restOf = new Map<number, number>();
    const chainOf = (first: number): Verdict => {
      if (first >= some.length) return { kind: "pass" };
      const known = restOf.get(first);
      if (known !== undefined) return { kind: "goto", chain: known };
      const chain = chains.push([]) - 1;
      restOf.set(first, chain);
      chains[chain]?.push(...rulesFrom(first), { criterion: everyPacket(dialect), verdict: { kind: "continue" } });
      return { kind: "goto", chain };
    };
    const rulesFrom = (first: number): readonly Placed[] =>
      some
        .slice(first)
        .flatMap((rule, at) => [
          ...(rule.except.length === 0 ? [] : expand(rule.except, chainOf(first + at + 1))),
          ...expand(rule.matches, verdictOf(rule)),
        ]);
    return { chainOf, rulesFrom };
  };

  const entry = chains[0];
  const all = place(own);
  entry?.push(...expand(pass, { kind: "pass" }));
  if (mark === undefined) entry?.push(...all.rulesFrom(0));
  else {
    if (hook === "ingress") entry?.push({ criterion: everyPacket(dialect), verdict: { kind: "restore-mark" } });
    entry?.push({ criterion: marked(mark), verdict: all.chainOf(0) });
    if (hook === "ingress") entry?.push(...place(own.flatMap(forLocalPorts)).rulesFrom(0));
  }
  return chains;
}

/** What is left of a rule where only its matches with local ports hold. */
function forLocalPorts(rule: Rule): readonly Rule[] {
  const matches = rule.matches.filter(({ localPorts }) => localPorts !== undefined);
  return matches.length === 0 ? [] : [{ ...rule, matches }];
}

function verdictOf({ name, emulation }: Rule): Verdict {
  return { kind: emulation.kind === "partition" ? "drop" : "leaf", rule: name };
}

function marked({ value, mask }: Mark): Criterion {
  const hex = (number: number) => `0x${number.toString(16)}`;
  return { protocol: "all", classifier: "fw", keys: { mark: `${hex(value)}/${hex(mask)}` } };
}
