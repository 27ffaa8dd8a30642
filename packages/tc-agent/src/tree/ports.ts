import type { PortRange } from "../spec/emulation.ts";

/** Ports that share their leading bits. */
export interface PortPrefix {
  readonly value: number;
  readonly mask: number;
}

const ALL_BITS = 0xffff;

/** The fewest prefixes that are just the ports of a range: 30 at most. */
export function portPrefixes({ from, to }: PortRange): readonly PortPrefix[] {
  const prefixes: PortPrefix[] = [];
  for (let next = from; next <= to; ) {
    let size = next === 0 ? ALL_BITS + 1 : next & -next;
    while (next + size - 1 > to) size >>= 1;
    prefixes.push({ value: next, mask: ALL_BITS & ~(size - 1) });
    next += size;
  }
  return prefixes;
}

/** Is it a range of every port? */
export function isEveryPort({ from, to }: PortRange): boolean {
  return from === 0 && to === ALL_BITS;
}
