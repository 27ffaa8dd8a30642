import type { Direction } from "../spec/emulation.ts";

/** The namespace's part of the kernel's state that emulation is made of, as it is or as it shall be. */
export interface Tree {
  /** Does the device have the two hooks that filters hang from? */
  readonly hasHooks: boolean;
  /** Those of the device, and of no other. */
  readonly leaves: readonly Leaf[];
  /** The names of all devices in the namespace, whoever's they are. */
  readonly links: ReadonlySet<string>;
  readonly filters: readonly Filter[];
}

/** An intermediate functional block (ifb) to which packets are redirected, and what delays, drops or slows them there. */
export interface Leaf {
  /** Of the device: at most 15 characters. */
  readonly name: string;
  /** Tells of which packets and of which emulation it was made: some of netem's parameters can not be read back. */
  readonly fingerprint: string;
  readonly isUp: boolean;
  /** The first is the root, the next its child. */
  readonly qdiscs: readonly Qdisc[];
}

/** A queueing discipline by its parameters: names as `tc -j` prints them, in its units (seconds, bytes a second, fractions). */
export interface Qdisc {
  readonly kind: "netem" | "tbf";
  readonly parameters: Readonly<Record<string, number>>;
}

/** What becomes of a packet that a filter matches. */
export type Action =
  | { readonly kind: "redirect"; readonly to: string }
  | { readonly kind: "pass" }
  | { readonly kind: "drop" }
  /** The next filter is asked. */
  | { readonly kind: "continue" }
  /** The filters of another chain are asked, and of this one no more. */
  | { readonly kind: "goto"; readonly chain: number }
  /** The mark of the packet's connection becomes the packet's, and the next filter is asked. */
  | { readonly kind: "restore-mark" };

type Classifier = "flower" | "matchall" | "basic" | "fw" | "u32";

/** One filter, alone at its preference. */
export interface Filter {
  readonly hook: Direction;
  readonly chain: number;
  /** Lower is asked first. */
  readonly preference: number;
  readonly protocol: "ip" | "ipv6" | "all";
  readonly classifier: Classifier;
  /** What it matches, one way to write it: filters that match the same have the same keys. */
  readonly keys: Readonly<Record<string, string>>;
  readonly action: Action;
}

/** Of a filter in its device; no two have the same. */
export function placeOf({ hook, chain, preference }: Filter): string {
  return `${hook}/${chain}/${preference}`;
}

/** Do two filters do the same, wherever they stand? */
export function doSame(a: Filter, b: Filter): boolean {
  return describe(a) === describe(b);
}

function describe({ protocol, classifier, keys, action }: Filter): string {
  return JSON.stringify([protocol, classifier, Object.entries(keys).sort(), Object.entries(action).sort()]);
}
