import type { Command } from "../commands.ts";
import { leafFingerprint } from "../ownership.ts";
import type { Action, Filter, Leaf, Qdisc, Tree } from "../tree.ts";
import { placeOf } from "../tree.ts";

/** What netem keeps where a change does not say it: a table of delays too, which nobody can read. */
export interface SimulatedLeaf extends Leaf {
  readonly distribution: string | undefined;
}

/** Whose tree it is. */
const DEVICE = "eth0";

/** A tree that commands change as a kernel would, and that refuses what a kernel refuses. */
export class SimulatedKernel {
  hasHooks = false;
  readonly leaves = new Map<string, SimulatedLeaf>();
  /** Devices that are somebody else's, which nothing may be done to. */
  readonly others = new Set<string>();
  readonly filters = new Map<string, Filter>();

  get tree(): Tree {
    return {
      hasHooks: this.hasHooks,
      leaves: [...this.leaves.values()],
      links: new Set([DEVICE, ...this.leaves.keys(), ...this.others]),
      filters: [...this.filters.values()],
    };
  }

  run({ tool, words }: Command): void {
    const [object, verb, ...rest] = words;
    if (tool === "tc" && object === "filter") this.#filter(verb === "add", rest);
    else if (tool === "tc" && object === "qdisc") this.#qdisc(verb === "add", rest);
    else if (tool === "ip" && object === "link") this.#link(verb ?? "", rest);
    else throw new Error(`not known: ${words.join(" ")}`);
  }

  /** Somebody deletes a leaf: filters that led to it lead nowhere, as `tc` shows them. */
  loseLeaf(name: string): void {
    this.leaves.delete(name);
    for (const [place, filter] of this.filters) {
      if (filter.action.kind === "redirect" && filter.action.to === name) {
        this.filters.set(place, { ...filter, action: { kind: "redirect", to: "*" } });
      }
    }
  }

  change(name: string, changes: Partial<SimulatedLeaf>): void {
    const leaf = this.leaves.get(name);
    if (leaf === undefined) throw new Error(`no such device: ${name}`);
    this.leaves.set(name, { ...leaf, ...changes });
  }

  #filter(isAdded: boolean, words: readonly string[]): void {
    if (!this.hasHooks) throw new Error("Parent Qdisc doesn't exists.");
    const filter = readFilter(words);
    const place = placeOf(filter);
    if (isAdded === this.filters.has(place)) throw new Error(`${isAdded ? "taken" : "nothing there"}: ${words.join(" ")}`);
    if (filter.action.kind === "redirect" && isAdded && !this.leaves.has(filter.action.to))
      throw new Error(`no device ${filter.action.to}`);
    if (isAdded) this.filters.set(place, filter);
    else this.filters.delete(place);
  }

  #qdisc(isAdded: boolean, words: readonly string[]): void {
    if (words.at(-1) === "clsact") {
      if (this.hasHooks) throw new Error("Exclusivity flag on, cannot modify.");
      this.hasHooks = true;
      return;
    }
    const [, device = "", place, ...rest] = words;
    const leaf = this.leaves.get(device);
    const kindAt = rest.findIndex((word) => word === "netem" || word === "tbf");
    const kind = rest[kindAt] as Qdisc["kind"];
    const depth = place === "root" ? 0 : 1;
    const before = leaf?.qdiscs[depth];
    if (leaf === undefined || (isAdded ? before !== undefined : before?.kind !== kind)) throw new Error(`refused: ${words.join(" ")}`);
    const options = rest.slice(kindAt + 1);
    const kept = kind === "netem" ? keptOf(before?.parameters ?? {}) : {};
    const parameters = kind === "netem" ? readNetem(options, kept) : readBucket(options);
    const at = options.indexOf("distribution");
    const distribution = at === -1 ? leaf.distribution : options[at + 1];
    this.change(device, { qdiscs: leaf.qdiscs.toSpliced(depth, 1, { kind, parameters }), distribution });
  }

  #link(verb: string, [name = "", ...rest]: readonly string[]): void {
    if (verb === "add") {
      if (this.leaves.has(name) || this.others.has(name)) throw new Error(`File exists: ${name}`);
      const fingerprint = leafFingerprint({ ifname: name, address: rest[1] }, DEVICE) ?? "nobody knows whose it is";
      this.leaves.set(name, { name, fingerprint, isUp: false, qdiscs: [], distribution: undefined });
    } else if (verb === "del") {
      this.change(name, {});
      this.loseLeaf(name);
    } else if (rest[0] === "up") this.change(name, { isUp: true });
    else if (rest[0] === "alias") this.change(name, { fingerprint: leafFingerprint({ ifname: name, ifalias: rest[1] }, DEVICE) ?? "" });
    else this.change(name, {});
  }
}

function readFilter(words: readonly string[]): Filter {
  const [, , hook, ...rest] = words;
  const after = (word: string, from = 0) => {
    const at = rest.indexOf(word, from);
    return at === -1 ? undefined : rest[at + 1];
  };
  const classifierAt = rest.findIndex((word) => ["flower", "u32", "basic", "fw", "matchall"].includes(word));
  const actionAt = rest.findIndex((word) => word === "action" || word === "flowid");
  const classifier = rest[classifierAt] as Filter["classifier"];
  return {
    hook: hook as Filter["hook"],
    chain: Number(rest[0] === "chain" ? rest[1] : 0),
    preference: Number(after("pref")),
    protocol: after("protocol") as Filter["protocol"],
    classifier,
    keys: classifier === "fw" ? { mark: after("handle") ?? "" } : readKeys(classifier, rest.slice(classifierAt + 1, actionAt)),
    action: actionAt === -1 ? { kind: "pass" } : readAction(rest.slice(actionAt)),
  };
}

function readKeys(classifier: Filter["classifier"], words: readonly string[]): Filter["keys"] {
  if (classifier === "basic") return { match: words[1] ?? "" };
  const keys: Record<string, string> = {};
  const size = classifier === "u32" ? 6 : 2;
  for (let at = 0; at < words.length; at += size) {
    const [name = "", value = "", ...more] = words.slice(at, at + size);
    if (classifier === "u32") keys[`at ${more[3]}`] = `${more[0]}/${more[1]}`.replaceAll("0x", "");
    else keys[name === "type" ? "icmp_type" : name] = value;
  }
  return keys;
}

function readAction(words: readonly string[]): Action {
  const [head, kind = "", ...rest] = words;
  if (head === "flowid") return { kind: "pass" };
  if (kind === "mirred") return { kind: "redirect", to: rest[3] ?? "" };
  if (kind === "goto") return { kind: "goto", chain: Number(rest[1]) };
  if (kind === "connmark") return { kind: "restore-mark" };
  return { kind } as Action;
}

/** `netem_change` in net/sched/sch_netem.c sets what is told, and of the rest only what it always resets. */
function keptOf(parameters: Qdisc["parameters"]): Record<string, number> {
  const names = ["corrupt", "corrupt-correlation", "reorder", "reorder-correlation", "rate"];
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.includes(name)));
}

/** How many numbers follow each word, and as what they are read back. */
const NETEM: Readonly<Record<string, readonly string[]>> = {
  limit: ["limit"],
  delay: ["delay", "jitter", "delay-correlation"],
  random: ["loss-random", "loss-correlation"],
  gemodel: ["gemodel-p", "gemodel-r", "gemodel-1-h", "gemodel-1-k"],
  state: ["state-p13", "state-p31", "state-p32", "state-p23", "state-p14"],
  duplicate: ["duplicate", "duplicate-correlation"],
  corrupt: ["corrupt", "corrupt-correlation"],
  reorder: ["reorder", "reorder-correlation"],
  gap: ["gap"],
  rate: ["rate"],
  seed: ["seed"],
};

function readNetem(words: readonly string[], kept: Readonly<Record<string, number>>): Qdisc["parameters"] {
  const read: Record<string, number> = { ...kept };
  words.forEach((word, at) => {
    NETEM[word]?.forEach((name, index) => {
      read[name] = readNumber(words[at + 1 + index] ?? "");
    });
  });
  if (read.delay === 0 && read.jitter === 0) for (const name of NETEM.delay ?? []) delete read[name];
  return read;
}

function readBucket(words: readonly string[]): Qdisc["parameters"] {
  const [, rate = "", , burst = "", , limit = ""] = words;
  return { rate: readNumber(rate), burst: readNumber(burst), limit: readNumber(limit) };
}

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, "%": 0.01, bit: 1 / 8, b: 1, "": 1 };

function readNumber(text: string): number {
  const { number, unit = "" } = /^(?<number>[\d.]+)(?<unit>[a-z%]*)$/.exec(text)?.groups ?? {};
  return Number(number) * (UNITS[unit] ?? Number.NaN);
}
