import { createHash } from "node:crypto";
import type { Degradation, Direction, Rules } from "../spec/emulation.ts";
import { bankOf, planSwitch } from "./banks.ts";
import { type Criterion, type Dialect, everyPacket, neighbourDiscovery } from "./classifiers.ts";
import { type Command, ip, tc } from "./commands.ts";
import { filterCommand } from "./filter-commands.ts";
import { type Layout, layOut, type Mark } from "./layout.ts";
import { aliasOf, LEASE_SETS, nextLeafName } from "./ownership.ts";
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

/**
 * The steps from the tree that was read to the one that is desired. None where they are the same. With no rules all goes but the hooks and the last filter.
 *
 * What needs what comes first: hooks, leaves, filters; then old filters go, and leaves last, when they are empty.
 */
export function planChange(found: Tree, desired: Desired): readonly Step[] {
  const { device, rules, mtu } = desired;
  const leaves = assignLeaves(found.leaves, wantedLeaves(rules, mtu));
  const steps: Step[] = [];
  if (!found.hasHooks) {
    if (rules.rules.length === 0) return [];
    steps.push({ kind: "attach", commands: [tc("qdisc", "add", "dev", device, "clsact")] });
  }
  const singles = changes(
    found.filters,
    HOOKS.flatMap((hook) => singleFilters(hook, desired)),
  );
  const nameOf = (rule: string) => leaves.names.get(rule) ?? "";
  const switches = HOOKS.flatMap((hook) =>
    planSwitch(
      found.filters.filter((filter) => filter.hook === hook),
      hook,
      layoutOf(hook, desired),
      nameOf,
    ),
  );
  steps.push(run(singles.added.map((filter) => filterCommand("add", device, filter))));
  steps.push(run(leaves.commands));
  steps.push(run(switches.map(({ verb, filter }) => filterCommand(verb, device, filter))));
  steps.push(run(singles.removed.map((filter) => filterCommand("del", device, filter))));
  steps.push(retire(leaves.retired));
  return steps.filter(({ commands }) => commands.length > 0);
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
function singleFilters(hook: Direction, { rules, dialect, isLeased }: Desired): readonly Filter[] {
  const at = (preference: number, criterion: Criterion, action: Filter["action"]): Filter => ({
    hook,
    chain: 0,
    preference,
    ...criterion,
    action,
  });
  const last = at(LAST_PREFERENCE, everyPacket(dialect), dialect === "flower" ? { kind: "continue" } : { kind: "pass" });
  if (rules.rules.every(({ direction }) => direction !== hook)) return [last];
  const lease = isLeased ? ([4, 6] as const).map((version) => at(LEASE_PREFERENCES[version], leaseIsOver(version), { kind: "pass" })) : [];
  const neighbours = neighbourDiscovery(dialect).map((criterion, index) =>
    at(FIRST_NEIGHBOUR_PREFERENCE + index, criterion, { kind: "pass" }),
  );
  return [last, ...lease, ...neighbours];
}

function leaseIsOver(version: 4 | 6): Criterion {
  return { protocol: version === 4 ? "ip" : "ipv6", classifier: "basic", keys: { match: `not ipset(${LEASE_SETS[version]} src)` } };
}

function changes(
  found: readonly Filter[],
  wanted: readonly Filter[],
): { readonly added: readonly Filter[]; readonly removed: readonly Filter[] } {
  const single = found.filter((filter) => bankOf(filter) === undefined);
  const wantedAt = new Map(wanted.map((filter) => [placeOf(filter), filter]));
  const foundAt = new Map(single.map((filter) => [placeOf(filter), filter]));
  const isKept = (one: Filter, other: Filter | undefined) => other !== undefined && doSame(one, other);
  return {
    added: wanted.filter((filter) => !isKept(filter, foundAt.get(placeOf(filter)))),
    removed: single.filter((filter) => !isKept(filter, wantedAt.get(placeOf(filter)))),
  };
}

function wantedLeaves({ rules }: Rules, mtu: number): readonly WantedLeaf[] {
  return rules.flatMap(({ name, emulation }) => {
    if (emulation.kind === "partition") return [];
    return [{ rule: name, degradation: emulation, fingerprint: fingerprintOf(emulation), qdiscs: qdiscsOf(emulation, mtu) }];
  });
}

function fingerprintOf(degradation: Degradation): string {
  const sorted = Object.entries(degradation).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(sorted, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

interface Assignment {
  /** The device of each rule. */
  readonly names: ReadonlyMap<string, string>;
  /** What makes and changes leaves. */
  readonly commands: readonly Command[];
  /** Those that nobody needs any more. */
  readonly retired: readonly Leaf[];
}

/**
 * Gives each rule a leaf: one that is just so already, else one that can become so in place, else a new one. Leaves that are not as they say they are stay with
 * nobody: what the kernel does not tell of them is not known.
 */
function assignLeaves(found: readonly Leaf[], wanted: readonly WantedLeaf[]): Assignment {
  const free = new Set(found);
  const names = new Map<string, string>();
  const commands: Command[] = [];
  const take = (leaf: Leaf, { rule }: WantedLeaf) => {
    free.delete(leaf);
    names.set(rule, leaf.name);
    if (!leaf.isUp) commands.push(ip("link", "set", leaf.name, "up"));
  };
  for (const one of wanted) {
    const same = [...free].find(({ fingerprint, qdiscs }) => fingerprint === one.fingerprint && isAsAsked(one.qdiscs, qdiscs));
    if (same !== undefined) take(same, one);
  }
  for (const one of wanted.filter(({ rule }) => !names.has(rule))) {
    const near = [...free].find((leaf) => isChangeable(leaf, one));
    if (near === undefined) continue;
    take(near, one);
    commands.push(...qdiscCommands("change", near.name, one.qdiscs, one.degradation));
    commands.push(ip("link", "set", near.name, "alias", aliasOf(one.fingerprint)));
  }
  const taken = new Set(found.map(({ name }) => name));
  for (const one of wanted.filter(({ rule }) => !names.has(rule))) {
    const name = nextLeafName(taken);
    taken.add(name);
    names.set(one.rule, name);
    commands.push(...leafCommands(name, one));
  }
  return { names, commands, retired: [...free] };
}

/** A table of delays can not be read back, nor be taken away by a change. */
function isChangeable({ qdiscs }: Leaf, wanted: WantedLeaf): boolean {
  const hasJitter = qdiscs.some(({ parameters: { jitter = 0 } }) => jitter > 0);
  return !hasJitter && canChange(qdiscs, wanted.qdiscs);
}

/** It must be whole, and up, before a filter leads to it: what is sent to a device that is down is lost. */
function leafCommands(name: string, { fingerprint, qdiscs, degradation }: WantedLeaf): readonly Command[] {
  return [
    ip("link", "add", name, "type", "ifb"),
    // Else it would get an IPv6 address that the container sees.
    ip("link", "set", name, "addrgenmode", "none"),
    ip("link", "set", name, "alias", aliasOf(fingerprint)),
    ...qdiscCommands("add", name, qdiscs, degradation),
    ip("link", "set", name, "up"),
  ];
}
