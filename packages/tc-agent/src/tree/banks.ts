import type { Direction } from "../spec/emulation.ts";
import { type Dialect, hookOffset } from "./classifiers.ts";
import type { Layout, Placed } from "./layout.ts";
import { type Action, doSame, type Filter, placeOf } from "./tree.ts";

/** Two ranges of preferences, of which one is in force: a new set of filters is laid out whole in the other. The first is asked before the second. */
export type Bank = 0 | 1;

export const BANKS: readonly Bank[] = [0, 1];
/** Where each bank's preferences and chains begin. */
const FIRST = [1_000, 21_000] as const;
const CHAINS = [1_000, 2_000] as const;
const BANK_SIZE = 20_000;
/** Of filters in one bank's chain, by dialect, and of chains. */
export const MOST_FILTERS: Readonly<Record<Dialect, number>> = { flower: BANK_SIZE, u32: BANK_SIZE / 2 };
export const MOST_CHAINS = 900;

/** The rule of each filter of a hook that carries one out, by the filter's place; whichever bank it stands in. */
export function rulesByPlace(hook: Direction, layout: Layout): ReadonlyMap<string, string> {
  const places = BANKS.flatMap((bank) =>
    layout.flatMap((placed, index) =>
      placed.flatMap(({ criterion, verdict }, at) => {
        if (!("rule" in verdict)) return [];
        const filter = place({ criterion, verdict }, { bank, hook, index, at, leafOf: () => "" });
        return [[placeOf(filter), verdict.rule] as const];
      }),
    ),
  );
  return new Map(places);
}

/** The filters of a hook as they stand in one bank, in the order in which packets meet them; those of further chains first. */
export function fill(bank: Bank, hook: Direction, layout: Layout, leafOf: (rule: string) => string): readonly Filter[] {
  const chains = layout.map((placed, index) => placed.map((one, at) => place(one, { bank, hook, index, at, leafOf })));
  return [...chains.slice(1).flat(), ...(chains[0] ?? [])];
}

interface Spot {
  readonly bank: Bank;
  readonly hook: Direction;
  readonly index: number;
  readonly at: number;
  readonly leafOf: (rule: string) => string;
}

function place({ criterion, verdict }: Placed, { bank, hook, index, at, leafOf }: Spot): Filter {
  const action = (): Action => {
    if (verdict.kind === "leaf") return { kind: "redirect", to: leafOf(verdict.rule) };
    if (verdict.kind === "goto") return { kind: "goto", chain: CHAINS[bank] + verdict.chain };
    return { kind: verdict.kind };
  };
  const chain = index === 0 ? 0 : CHAINS[bank] + index;
  const first = FIRST[bank] + hookOffset(hook, criterion, MOST_FILTERS.u32);
  return { hook, chain, preference: index === 0 ? first + at : at + 1, ...criterion, action: action() };
}

/** In which bank does a filter of ours stand? `undefined` for those that stand outside. */
export function bankOf({ chain, preference }: Pick<Filter, "chain" | "preference">): Bank | undefined {
  const firsts = chain === 0 ? FIRST : CHAINS;
  const size = chain === 0 ? BANK_SIZE : 1_000;
  const number = chain === 0 ? preference : chain;
  return BANKS.find((bank) => number >= firsts[bank] && number < firsts[bank] + size);
}

/** One filter to make or to remove. */
export interface FilterChange {
  readonly verb: "add" | "del";
  readonly filter: Filter;
}

/**
 * From the filters that a hook has to those that it shall have, in such an order that each packet on the way meets the old rule or the new one, and never a
 * third.
 *
 * Where no filter stands in another's place, those that are missing are added and those that are too many removed. Else the whole set is laid out in the
 * other bank. Both are filled from the front and emptied from the back, the second bank before the first: a packet goes over when its own filter does.
 *
 * Where both banks are taken, as somebody died between two sets of filters and something else is wanted since, the promise is weaker: the shorter bank, the
 * one that was being filled or emptied, is given up first. So each packet meets what it met, then what the longer bank by itself has for it, which may be
 * nothing, then the new rule, and never goes back.
 */
export function planSwitch(
  found: readonly Filter[],
  hook: Direction,
  layout: Layout,
  leafOf: (rule: string) => string,
): readonly FilterChange[] {
  const choices = BANKS.map((bank) => {
    const inBank = found.filter((filter) => bankOf(filter) === bank);
    const wanted = fill(bank, hook, layout, leafOf);
    return { inBank, wanted, ...compare(inBank, wanted) };
  });
  const free = choices.filter(({ clashes }) => clashes === 0).toSorted((a, b) => b.same - a.same)[0];
  if (free !== undefined) {
    const kept = new Set(free.wanted.map(placeOf));
    const old = choices.flatMap(({ inBank }) => inBank).filter((filter) => !kept.has(placeOf(filter)));
    return [...add(free.missing), ...remove(backwards(old))];
  }
  const [shorter, longer] = choices.toSorted((a, b) => a.inBank.length - b.inBank.length);
  if (shorter === undefined || longer === undefined) return [];
  return [...remove(backwards(shorter.inBank)), ...add(shorter.wanted), ...remove(backwards(longer.inBank))];
}

function add(filters: readonly Filter[]): readonly FilterChange[] {
  return filters.map((filter) => ({ verb: "add", filter }));
}

function remove(filters: readonly Filter[]): readonly FilterChange[] {
  return filters.map((filter) => ({ verb: "del", filter }));
}

interface Comparison {
  readonly same: number;
  readonly clashes: number;
  readonly missing: readonly Filter[];
}

function compare(found: readonly Filter[], wanted: readonly Filter[]): Comparison {
  const foundAt = new Map(found.map((filter) => [placeOf(filter), filter]));
  const missing = wanted.filter((filter) => !hasSame(foundAt, filter));
  const clashes = missing.filter((filter) => foundAt.has(placeOf(filter))).length;
  return { same: wanted.length - missing.length, clashes, missing };
}

function hasSame(foundAt: ReadonlyMap<string, Filter>, filter: Filter): boolean {
  const other = foundAt.get(placeOf(filter));
  return other !== undefined && doSame(other, filter);
}

/** Where packets come in first, from the last that they meet; then the chains that nothing leads to any more. */
function backwards(filters: readonly Filter[]): readonly Filter[] {
  const entry = filters.filter(({ chain }) => chain === 0).toSorted((a, b) => b.preference - a.preference);
  const further = filters.filter(({ chain }) => chain !== 0).toSorted((a, b) => a.chain - b.chain || b.preference - a.preference);
  return [...entry, ...further];
}
