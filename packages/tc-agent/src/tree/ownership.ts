/** What is ours in a kernel is told by its names, so that an engine that starts finds what another left. */

/** `pg`: a filter's action carries it as its cookie. */
export const COOKIE = "7067";
/** Filters without an action say the same by their class. */
export const PASS_CLASS = "7067:1";

const LEAF_NAME = /^pgl(\d{1,9})$/;
const ALIAS = /^puggle:1:([0-9a-f]{16})$/;

export function isLeafName(device: string): boolean {
  return LEAF_NAME.test(device);
}

/** The number that a leaf's name has; `undefined` where it is no leaf's. */
export function leafNumber(device: string): number | undefined {
  const digits = LEAF_NAME.exec(device)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The first name for a leaf, from a number on, that is not taken. */
export function nextLeafName(taken: ReadonlySet<string>, from = 0): string {
  for (let number = from; ; number += 1) {
    const name = `pgl${number}`;
    if (!taken.has(name)) return name;
  }
}

/** A leaf's alias tells of what it was made. */
export function aliasOf(fingerprint: string): string {
  return `puggle:1:${fingerprint}`;
}

export function fingerprintIn(alias: string | undefined): string | undefined {
  return alias === undefined ? undefined : ALIAS.exec(alias)?.[1];
}

/** Sets of ipset in which the lease lives, by IP version. */
export const LEASE_SETS = { 4: "puggle-lease-4", 6: "puggle-lease-6" } as const;
