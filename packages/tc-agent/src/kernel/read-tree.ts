import { z } from "zod";
import type { Direction } from "../spec/emulation.ts";
import { ip, tc } from "../tree/commands.ts";
import { fingerprintIn, isLeafName } from "../tree/ownership.ts";
import { HOOKS } from "../tree/plan.ts";
import type { Leaf, Qdisc, Tree } from "../tree/tree.ts";
import type { NamespaceShell } from "./namespace-shell.ts";
import { type FoundFilter, parseFilters } from "./parse-filters.ts";
import { parseQdiscs, readQdisc, type ShownQdisc } from "./parse-qdiscs.ts";

/** What is in a network namespace: ours as a tree, and what is somebody else's where ours belongs. */
export interface FoundTree extends Tree {
  /** Of the device: its maximum transmission unit in bytes. */
  readonly mtu: number;
  /** Every filter on the device, by hook, with what it counts. */
  readonly counted: readonly (FoundFilter & { readonly hook: Direction })[];
  /** Every queueing discipline of the namespace, with what it counts. */
  readonly qdiscs: readonly ShownQdisc[];
}

const link = z.looseObject({
  ifname: z.string(),
  mtu: z.number(),
  flags: z.array(z.string()),
  ifalias: z.string().optional(),
  linkinfo: z.looseObject({ info_kind: z.string().optional() }).optional(),
});

/** A device of the namespace. */
export type Link = z.output<typeof link>;

export async function readLinks(shell: NamespaceShell): Promise<readonly Link[]> {
  const shown = await shell.show(ip("link", "show"));
  // A namespace that is being taken down lists devices without a name.
  return shown.flatMap((one) => link.safeParse(one).data ?? []);
}

/**
 * Reads what a device's emulation is made of.
 *
 * @returns `undefined` where there is no such device
 */
export async function readTree(shell: NamespaceShell, device: string): Promise<FoundTree | undefined> {
  const links = await readLinks(shell);
  const own = links.find(({ ifname }) => ifname === device);
  if (own === undefined) return undefined;
  const qdiscs = parseQdiscs(await shell.show(tc("qdisc", "show")));
  const hasHooks = qdiscs.some(({ kind, dev }) => kind === "clsact" && dev === device);
  const counted = hasHooks ? await readFilters(shell, device) : [];
  return {
    mtu: own.mtu,
    hasHooks,
    qdiscs,
    counted,
    filters: counted.flatMap(({ filter }) => filter ?? []),
    leaves: links.filter(({ ifname, linkinfo }) => linkinfo?.info_kind === "ifb" && isLeafName(ifname)).map((one) => readLeaf(one, qdiscs)),
  };
}

async function readFilters(shell: NamespaceShell, device: string): Promise<FoundTree["counted"]> {
  const perHook = [];
  for (const hook of HOOKS) {
    const shown = await shell.show(tc("filter", "show", "dev", device, hook));
    perHook.push(...parseFilters(hook, shown).map((found) => ({ ...found, hook })));
  }
  return perHook;
}

function readLeaf({ ifname, ifalias, flags }: Link, all: readonly ShownQdisc[]): Leaf {
  const own = all.filter(({ dev }) => dev === ifname);
  const root = own.find((one) => one.root === true);
  const child = own.find(({ parent }) => parent !== undefined);
  return {
    name: ifname,
    fingerprint: fingerprintIn(ifalias) ?? "",
    isUp: flags.includes("UP"),
    qdiscs: [root, child].flatMap((one): Qdisc[] => {
      const read = one === undefined ? undefined : readQdisc(one);
      return read === undefined ? [] : [read];
    }),
  };
}
