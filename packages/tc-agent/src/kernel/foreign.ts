import { bankOf } from "../tree/banks.ts";
import { STANDING_PREFERENCES } from "../tree/plan.ts";
import { KernelError } from "./kernel-error.ts";
import type { FoundTree } from "./read-tree.ts";

/** Queueing disciplines that a device has of itself, and that slow nothing. */
const HARMLESS = new Set(["noqueue", "mq", "pfifo_fast", "fq_codel", "fq", "clsact"]);

/**
 * Refuses a device on which somebody else shapes traffic, or filters where our filters go. Foreign filters elsewhere stay as they are: those with a lower
 * preference are asked before ours.
 *
 * @throws KernelError `foreign-qdisc`
 */
export function refuseForeign({ qdiscs, counted }: Pick<FoundTree, "qdiscs" | "counted">, device: string): void {
  const own = qdiscs.filter(({ dev }) => dev === device);
  const ingress = own.find(({ kind }) => kind === "ingress");
  if (ingress !== undefined) {
    throw new KernelError(
      "foreign-qdisc",
      `${device} has an ingress qdisc (${ingress.handle}) that somebody else put there, and there can be no clsact beside it; remove it with: tc qdisc del dev ${device} ingress`,
    );
  }
  const shaping = own.find(({ kind }) => !HARMLESS.has(kind));
  if (shaping !== undefined) {
    throw new KernelError(
      "foreign-qdisc",
      `${device} has a ${shaping.kind} qdisc (${shaping.handle}) that somebody else put there, such as the bandwidth plugin of CNI; what is emulated would add up with it, so remove it first`,
    );
  }
  const filter = counted.find((one) => one.filter === undefined && isPlaceOfOurs(one));
  if (filter !== undefined) {
    throw new KernelError(
      "foreign-qdisc",
      `${device} has a ${filter.kind} filter on ${filter.hook}, chain ${filter.chain}, preference ${filter.preference}, that somebody else put where filters of Puggle go (preferences 10 to 34, 1000 to 40999 and 65000 to 65010, chains 1000 to 2999)`,
    );
  }
}

function isPlaceOfOurs(place: { readonly chain: number; readonly preference: number }): boolean {
  return bankOf(place) !== undefined || (place.chain === 0 && STANDING_PREFERENCES.has(place.preference));
}
