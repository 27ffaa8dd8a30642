import { createHash } from "node:crypto";
import type { Degradation, Direction, Rules } from "../spec/emulation.ts";
import { bankOf, type FilterChange, planSwitch } from "./banks.ts";
import { type Criterion, type Dialect, everyPacket, hookOffset, neighbourDiscovery } from "./classifiers.ts";
import { type Command, ip, tc } from "./commands.ts";
import { filterCommand } from "./filter-commands.ts";
import { type Layout, layOut, type Mark } from "./layout.ts";
import { addressOf, aliasOf, leaseSets, nextLeafName } from "./ownership.ts";
import { canChange, isAsAsked, qdiscCommands, qdiscsOf } from "./qdiscs.ts";
import { doSame, type Filter, type Leaf, placeOf, type Qdisc, type Tree } from "./tree.ts";

export const HOOKS: readonly Direction[] = ["egress", "ingress"];

/** What a namespace shall emulate, and by which means. */
export interface Desired {
  readonly rules: Rules;
  readonly device: string;
  /** Of the device, in bytes. */
  readonly mtu: number;
  readonly dialect: Dialect;
  /** Are rules in force only as long as the lease in the kernel runs? */
  readonly isLeased: boolean;
  /** Of the container whose packets alone meet the rules; of the whole namespace where left out. */
  readonly mark?: Mark;
  /** Names of leaves with lower numbers are not given again: resident tools remember the device that had the name. 0 where left out. */
  readonly leavesFrom?: number;
}

/** One step towards what is desired; those of a plan are taken one after the other. */
export type Step =
  /** Gives the device its hooks, which stops what it sends for a moment: nothing should send meanwhile. */
  | { readonly kind: "attach"; readonly commands: readonly Command[] }
  | { readonly kind: "run"; readonly commands: readonly Command[] }
  /** Waits until the leaves hold no packet any more, at most so many milliseconds; then they go. */
  | { readonly kind: "retire"; readonly leaves: readonly string[]; readonly atMostMs: number; readonly commands: readonly Command[] };

/** A leaf as it shall be, for one rule. */
interface WantedLeaf {
  readonly rule: string;
  readonly degradation: Degradation;
  readonly fingerprint: string;
  readonly qdiscs: readonly Qdisc[];
}

/** Packets whose lease has run out are passed before any rule is asked. */
const LEASE_PREFERENCES = { 4: 10, 6: 11 } as const;
/** Without neighbour discovery nothing else of IPv6 arrives. */
const FIRST_NEIGHBOUR_PREFERENCE = 20;
/** It stays as long as the namespace: a packet that comes back from a leaf and meets no filter would skip those of the next device too. */
const LAST_PREFERENCE = 65_000;
/** Of all these, where the hooks must not share them. */
const INGRESS_OFFSET = 10;
const NEIGHBOUR_FILTERS = 5;
const STANDING = [
  ...Object.values(LEASE_PREFERENCES),
  ...Array.from({ length: NEIGHBOUR_FILTERS }, (_, index) => FIRST_NEIGHBOUR_PREFERENCE + index),
  LAST_PREFERENCE,
];
/** Those in the first chain that are ours whatever the rules are. */
export const STANDING_PREFERENCES: ReadonlySet<number> = new Set(STANDING.flatMap((one) => [one, one + INGRESS_OFFSET]));

/**
 * The steps from the tree that was read to the one that is desired. None where they are the same. With no rules all goes but the hooks and the last filter.
 *
 * What needs what comes first: hooks, leaves, filters; then old filters go, and leaves last, when they are empty.
 */
export function planChange(found: Tree, desired: Desired): readonly Step[] {
  const { device, rules } = desired;
  const kept = assignLeaves(found, desired, { mayChange: true });
  const keptSwitches = switchesTo(kept, found, desired);
  // A packet that changes its rule must not meet the old one with what the new rules make of it: then leaves change with the filters, and not by themselves.
  const isOnlyChanged = keptSwitches.length === 0 || !kept.isChanged;
  const leaves = isOnlyChanged ? kept : assignLeaves(found, desired, { mayChange: false });
  const switches = isOnlyChanged ? keptSwitches : switchesTo(leaves, found, desired);
  const steps: Step[] = [];
  // Hooks may be somebody else's, and where the last filter passes packets it would keep them from filters that are theirs.
  if (found.filters.length === 0 && rules.rules.length === 0) return [retire(leaves.retired)].filter(({ commands }) => commands.length > 0);
  if (!found.hasHooks) {
    steps.push({ kind: "attach", commands: [tc("qdisc", "add", "dev", device, "clsact")] });
  }
  const singles = changes(
    found.filters,
    HOOKS.flatMap((hook) => singleFilters(hook, desired)),
  );
  const runAll = (all: readonly FilterChange[]) => run(all.map(({ verb, filter }) => filterCommand(verb, device, filter)));
  steps.push(runAll(singles.before));
  // By themselves: where somebody was quicker with a name, what follows would be done to a device of theirs.
  steps.push(run(leaves.made));
  steps.push(run(leaves.commands));
  steps.push(runAll(switches));
  steps.push(runAll(singles.after));
  steps.push(retire(leaves.retired));
  return steps.filter(({ commands }) => commands.length > 0);
}

function switchesTo({ names }: Assignment, found: Tree, desired: Desired): readonly FilterChange[] {
  const nameOf = (rule: string) => names.get(rule) ?? "";
  return HOOKS.flatMap((hook) =>
    planSwitch(
      found.filters.filter((filter) => filter.hook === hook),
      hook,
      layoutOf(hook, desired),
      nameOf,
    ),
  );
}

/** The filters of a hook that carry out what is desired. */
export function layoutOf(hook: Direction, { rules, dialect, mark }: Desired): Layout {
  return layOut(rules, hook, dialect, mark);
}

function run(commands: readonly Command[]): Step {
  return { kind: "run", commands };
}

function retire(leaves: readonly Leaf[]): Step {
  return {
    kind: "retire",
    leaves: leaves.map(({ name }) => name),
    atMostMs: Math.max(0, ...leaves.map(longestStayMs)),
    commands: leaves.map(({ name }) => ip("link", "del", name)),
  };
}

/** Tables of jitter reach four deviations. */
const DEVIATIONS = 4;
/** A packet that is on its way to a leaf when its filter goes arrives there all the same. */
const ON_THE_WAY_MS = 20;

function longestStayMs({ qdiscs }: Leaf): number {
  const seconds = qdiscs.map(({ kind, parameters: { delay = 0, jitter = 0, limit = 0, rate = 1 } }) =>
    kind === "netem" ? delay + DEVIATIONS * jitter : limit / rate,
  );
  return ON_THE_WAY_MS + 1_000 * seconds.reduce((sum, one) => sum + one, 0);
}

/** Those that stand by themselves, in no bank: what passes whatever the rules are, and the last one. */
function singleFilters(hook: Direction, { rules, device, dialect, isLeased }: Desired): readonly Filter[] {
  const at = (preference: number, criterion: Criterion, action: Filter["action"]): Filter => ({
    hook,
    chain: 0,
    preference: preference + hookOffset(hook, criterion, INGRESS_OFFSET),
    ...criterion,
    action,
  });
  const last = at(LAST_PREFERENCE, everyPacket(dialect), dialect === "flower" ? { kind: "continue" } : { kind: "pass" });
  if (rules.rules.every(({ direction }) => direction !== hook)) return [last];
  const lease = isLeased
    ? leaseIsOver(device).map(({ version, ...criterion }) => at(LEASE_PREFERENCES[version], criterion, { kind: "pass" }))
    : [];
  const neighbours = neighbourDiscovery(dialect).map((criterion, index) =>
    at(FIRST_NEIGHBOUR_PREFERENCE + index, criterion, { kind: "pass" }),
  );
  return [last, ...lease, ...neighbours];
}

function leaseIsOver(device: string): readonly (Criterion & { readonly version: 4 | 6 })[] {
  const sets = leaseSets(device);
  return [
    { version: 4, protocol: "ip", classifier: "basic", keys: { match: `not ipset(${sets[4]} src)` } },
    { version: 6, protocol: "ipv6", classifier: "basic", keys: { match: `not ipset(${sets[6]} src)` } },
  ];
}

/** What is to be made before the rules change, or made anew as something else stands in its place, and what is to be taken away after. */
function changes(
  found: readonly Filter[],
  wanted: readonly Filter[],
): { readonly before: readonly FilterChange[]; readonly after: readonly FilterChange[] } {
  const single = found.filter((filter) => bankOf(filter) === undefined);
  const wantedAt = new Set(wanted.map(placeOf));
  const foundAt = new Map(single.map((filter) => [placeOf(filter), filter]));
  return {
    before: wanted.flatMap((filter): readonly FilterChange[] => {
      const other = foundAt.get(placeOf(filter));
      if (other !== undefined && doSame(other, filter)) return [];
      return [...(other === undefined ? [] : [{ verb: "del" as const, filter: other }]), { verb: "add", filter }];
    }),
    after: single.filter((filter) => !wantedAt.has(placeOf(filter))).map((filter) => ({ verb: "del", filter })),
  };
}

function wantedLeaves({ rules }: Rules, mtu: number): readonly WantedLeaf[] {
  const seen = new Map<string, number>();
  return rules.flatMap((rule) => {
    const { name, emulation } = rule;
    if (emulation.kind === "partition") return [];
    const packets = hash([rule.direction, rule.matches, rule.except]);
    const before = seen.get(packets) ?? 0;
    seen.set(packets, before + 1);
    const fingerprint = `${before === 0 ? packets : hash([packets, before])}${hash(Object.entries(emulation).toSorted(byName))}`;
    return [{ rule: name, degradation: emulation, fingerprint, qdiscs: qdiscsOf(emulation, mtu) }];
  });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

const HASH_DIGITS = 8;

function hash(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}` : part));
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_DIGITS);
}

/** Of which packets, and of which emulation: the halves of a fingerprint. */
const packetsIn = ({ fingerprint }: Pick<Leaf, "fingerprint">) => fingerprint.slice(0, HASH_DIGITS);
const emulationIn = ({ fingerprint }: Pick<Leaf, "fingerprint">) => fingerprint.slice(HASH_DIGITS);

/** The device of each rule's leaf, in a tree that is as desired. */
export function leavesOf(found: Tree, desired: Desired): ReadonlyMap<string, string> {
  return assignLeaves(found, desired, { mayChange: true }).names;
}

interface Assignment {
  /** The device of each rule. */
  readonly names: ReadonlyMap<string, string>;
  /** What makes the devices of new leaves. */
  readonly made: readonly Command[];
  /** What makes leaves of them, and changes those that are there. */
  readonly commands: readonly Command[];
  /** Does a leaf change in place? */
  readonly isChanged: boolean;
  /** Those that nobody needs any more. */
  readonly retired: readonly Leaf[];
}

/**
 * Gives each rule a leaf: one that is just so already; else the one that its packets have, where that can change in place; else one of the same emulation;
 * else a new one. A leaf never changes for other packets: until the filters follow, those that it still has would meet a rule that is not theirs. Leaves that
 * are not as they say they are stay with nobody: what the kernel does not tell of them is not known.
 */
function assignLeaves(
  { leaves, links }: Tree,
  { rules, device, mtu, leavesFrom }: Desired,
  { mayChange }: { readonly mayChange: boolean },
): Assignment {
  const wanted = wantedLeaves(rules, mtu);
  const free = new Set(leaves);
  const names = new Map<string, string>();
  const commands: Command[] = [];
  const takeWhere = (
    keyOf: (one: Pick<Leaf, "fingerprint">) => string,
    fits: (leaf: Leaf, one: WantedLeaf) => boolean,
    more: (name: string, one: WantedLeaf) => readonly Command[],
  ) => {
    const candidates = Map.groupBy(free, keyOf);
    for (const one of wanted.filter(({ rule }) => !names.has(rule))) {
      const leaf = candidates.get(keyOf(one))?.find((each) => free.has(each) && fits(each, one));
      if (leaf === undefined) continue;
      free.delete(leaf);
      names.set(one.rule, leaf.name);
      commands.push(...more(leaf.name, one));
      if (!leaf.isUp) commands.push(ip("link", "set", leaf.name, "up"));
    }
  };
  const rename = (name: string, { fingerprint }: WantedLeaf) => ip("link", "set", name, "alias", aliasOf(device, fingerprint));
  const isSame = ({ qdiscs }: Leaf, one: WantedLeaf) => isAsAsked(one.qdiscs, qdiscs);
  takeWhere(
    ({ fingerprint }) => fingerprint,
    isSame,
    () => [],
  );
  const takenBefore = names.size;
  if (mayChange)
    takeWhere(packetsIn, isChangeable, (name, one) => [...qdiscCommands("change", name, one.qdiscs, one.degradation), rename(name, one)]);
  const isChanged = names.size > takenBefore;
  takeWhere(emulationIn, isSame, (name, one) => [rename(name, one)]);
  const taken = new Set(links);
  const made: Command[] = [];
  for (const one of wanted.filter(({ rule }) => !names.has(rule))) {
    const name = nextLeafName(taken, leavesFrom);
    taken.add(name);
    names.set(one.rule, name);
    made.push(ip("link", "add", name, "address", addressOf(device), "type", "ifb"));
    commands.push(
      ...qdiscCommands("add", name, one.qdiscs, one.degradation),
      // Else it would get an IPv6 address that the container sees.
      ip("link", "set", name, "addrgenmode", "none"),
      rename(name, one),
      // What is sent to a device that is down is lost.
      ip("link", "set", name, "up"),
    );
  }
  return { names, made, commands: byTool(commands), isChanged, retired: [...free] };
}

/** The same commands, so that tools take turns as seldom as can be: leaves depend on none but themselves, and their queueing disciplines come first. */
function byTool(commands: readonly Command[]): readonly Command[] {
  return [...commands.filter(({ tool }) => tool === "tc"), ...commands.filter(({ tool }) => tool === "ip")];
}

/** A table of delays can not be read back, nor be taken away by a change. */
function isChangeable({ qdiscs }: Leaf, wanted: WantedLeaf): boolean {
  const hasJitter = qdiscs.some(({ parameters: { jitter = 0 } }) => jitter > 0);
  return !hasJitter && canChange(qdiscs, wanted.qdiscs);
}
