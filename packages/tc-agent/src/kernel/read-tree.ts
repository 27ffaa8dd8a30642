import { z } from "zod";
import type { Direction } from "../spec/emulation.ts";
import { ip, tc } from "../tree/commands.ts";
import { leafFingerprint } from "../tree/ownership.ts";
import { HOOKS } from "../tree/plan.ts";
import type { Leaf, Qdisc, Tree } from "../tree/tree.ts";
import type { NamespaceShell } from "./namespace-shell.ts";
import { type FoundFilter, parseFilters } from "./parse-filters.ts";
import { parseQdiscs, readQdisc, type ShownQdisc } from "./parse-qdiscs.ts";

/** What is in a network namespace: ours as a tree, and what is somebody else's where ours belongs. */
export interface FoundTree extends Tree {
  /** Of the device: its maximum transmission unit in bytes. */
  readonly mtu: number;
  /** Of the device: no other one in the namespace ever has the same. */
  readonly deviceIndex: number;
  /** Every filter on the device, by hook, with what it counts. */
  readonly counted: readonly (FoundFilter & { readonly hook: Direction })[];
  /** Every queueing discipline of the namespace, with what it counts. */
  readonly qdiscs: readonly ShownQdisc[];
}

const link = z.looseObject({
  ifindex: z.number(),
  ifname: z.string(),
  mtu: z.number(),
  flags: z.array(z.string()),
  ifalias: z.string().optional(),
  address: z.string().optional(),
  linkinfo: z.looseObject({ info_kind: z.string().optional() }).optional(),
});

/**
 * Reads what a device's emulation is made of, by one request to each tool.
 *
 * @returns `undefined` where there is no such device
 */
export async function readTree(shell: NamespaceShell, device: string): Promise<FoundTree | undefined> {
  const filters = HOOKS.map((hook) => tc("filter", "show", "dev", device, hook));
  const [shownLinks, [shownQdiscs, ...shownFilters]] = await Promise.all([
    shell.show(ip("link", "show")),
    shell.showAll([tc("qdisc", "show"), ...filters]),
  ]);
  // A namespace that is being taken down lists devices without a name.
  const links = shownLinks.flatMap((one) => link.safeParse(one).data ?? []);
  const own = links.find(({ ifname }) => ifname === device);
  if (own === undefined) return undefined;
  const qdiscs = parseQdiscs(shownQdiscs ?? []);
  const hasHooks = qdiscs.some(({ kind, dev }) => kind === "clsact" && dev === device);
  const counted = HOOKS.flatMap((hook, index) =>
    parseFilters(hook, hasHooks ? (shownFilters[index] ?? []) : []).map((found) => ({ ...found, hook })),
  );
  return {
    mtu: own.mtu,
    deviceIndex: own.ifindex,
    hasHooks,
    qdiscs,
    counted,
    filters: counted.flatMap(({ filter }) => filter ?? []),
    leaves: links.flatMap((one) => readLeaf(one, device, qdiscs) ?? []),
    links: new Set(links.map(({ ifname }) => ifname)),
  };
}

/** `undefined` for what is no leaf of the device. */
function readLeaf(shown: z.output<typeof link>, device: string, all: readonly ShownQdisc[]): Leaf | undefined {
  const { ifname, flags, linkinfo } = shown;
  const fingerprint = linkinfo?.info_kind === "ifb" ? leafFingerprint(shown, device) : undefined;
  if (fingerprint === undefined) return undefined;
  const own = all.filter(({ dev }) => dev === ifname);
  const root = own.find((one) => one.root === true);
  const child = own.find(({ parent }) => parent !== undefined);
  return {
    name: ifname,
    fingerprint,
    isUp: flags.includes("UP"),
    qdiscs: [root, child].flatMap((one): Qdisc[] => {
      const read = one === undefined ? undefined : readQdisc(one);
      return read === undefined ? [] : [read];
    }),
  };
}
