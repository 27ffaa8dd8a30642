import { createHash } from "node:crypto";

/** What is ours in a kernel is told by its names, so that an engine that starts finds what another left. */

/** `pg`: a filter's action carries it as its cookie. */
export const COOKIE = "7067";
/** Filters without an action say the same by their class. */
export const PASS_CLASS = "7067:1";

const LEAF_NAME = /^pgl(\d{1,9})$/;
const MOST_LEAF_NUMBER = 999_999_999;
const ALIAS = /^puggle:1:([0-9a-f]{8}):([0-9a-f]{16})$/;

/** The number that a leaf's name has; `undefined` where it is no leaf's. */
export function leafNumber(device: string): number | undefined {
  const digits = LEAF_NAME.exec(device)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The first name for a leaf, from a number on, that no device has. */
export function nextLeafName(taken: ReadonlySet<string>, from = 0): string {
  for (let number = from; ; number += 1) {
    if (number > MOST_LEAF_NUMBER) number = 0;
    const name = `pgl${number}`;
    if (!taken.has(name)) return name;
  }
}

/** A leaf's alias tells for which device and of what it was made. */
export function aliasOf(device: string, fingerprint: string): string {
  return `puggle:1:${keyOf(device)}:${fingerprint}`;
}

/**
 * The hardware address that the leaves of a device are made with: an alias can only be given to a link that is there already, and whoever is killed before
 * leaves one without.
 */
export function addressOf(device: string): string {
  return `02:70:67:${keyOf(device).match(/../g)?.slice(0, 3).join(":")}`;
}

/** An ifb as `ip` shows it. */
interface ShownLeaf {
  readonly ifname: string;
  readonly ifalias?: string | undefined;
  readonly address?: string | undefined;
}

/** Of what a leaf of a device was made; "" where its maker did not come so far, and `undefined` for what is another device's, or somebody else's. */
export function leafFingerprint({ ifname, ifalias, address }: ShownLeaf, device: string): string | undefined {
  if (!LEAF_NAME.test(ifname)) return undefined;
  if (ifalias === undefined) return address === addressOf(device) ? "" : undefined;
  const [, key, fingerprint] = ALIAS.exec(ifalias) ?? [];
  return key === keyOf(device) ? fingerprint : undefined;
}

/** Names of devices may hold nearly any character, and tools read words. */
function keyOf(device: string): string {
  return createHash("sha256").update(device).digest("hex").slice(0, 8);
}

/** What filters can say of a set without quotes. */
const PLAIN_NAME = /^[\w-]+$/;

/** The sets of ipset in which the lease of a device lives, by IP version. */
export function leaseSets(device: string): Readonly<Record<4 | 6, string>> {
  const name = `puggle-lease-${PLAIN_NAME.test(device) ? device : keyOf(device)}`;
  return { 4: `${name}-4`, 6: `${name}-6` };
}
