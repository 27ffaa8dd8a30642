import { type Block, readCidr } from "../addresses/cidr.ts";
import type { Direction, Match, Rules } from "../emulation.ts";
import { type Region, regionOf } from "./region.ts";

/** What one match of a rule, or one of its exceptions, claims. */
export interface Claim {
  /** Where the rule stands among those of its direction, from 0; what passes stands before them, at -1. */
  readonly position: number;
  readonly isException: boolean;
  readonly match: Match;
  readonly block: Block;
  readonly region: Region;
}

/** All claims of one direction, in the order in which they are obeyed. */
export function claimsOf({ rules, pass }: Rules, direction: Direction): Claim[] {
  const claim = (position: number, isException: boolean) => (match: Match) => ({
    position,
    isException,
    match,
    block: readCidr(match.cidr),
    region: regionOf(match),
  });
  const own = rules.filter((rule) => rule.direction === direction);
  return [
    ...pass.map(claim(-1, false)),
    ...own.flatMap(({ matches, except }, position) => [...except.map(claim(position, true)), ...matches.map(claim(position, false))]),
  ];
}

/**
 * Finds the claims that have an address in common with another one, without looking at each: blocks of addresses lie in each other or apart, so
 * there are the few that are larger, and those between the first and the last address.
 */
export class ClaimsByAddress {
  readonly #byBlock = new Map<string, Claim[]>();
  readonly #blocks: readonly Block[];

  constructor(claims: readonly Claim[]) {
    const blocks = new Map<string, Block>();
    for (const claim of claims) {
      const key = keyOf(claim.block);
      blocks.set(key, claim.block);
      const known = this.#byBlock.get(key);
      if (known === undefined) this.#byBlock.set(key, [claim]);
      else known.push(claim);
    }
    this.#blocks = [...blocks.values()].toSorted(compareBlocks);
  }

  /** Those that overlap, in lists of one block each; each list is in the order in which claims are obeyed. */
  overlapping(block: Block): (readonly Claim[])[] {
    const inside: (readonly Claim[])[] = [];
    for (let at = this.#firstAt(block); at < this.#blocks.length; at++) {
      const inner = this.#blocks[at];
      if (inner === undefined || inner.family !== block.family || inner.first > block.last) break;
      inside.push(this.#byBlock.get(keyOf(inner)) ?? []);
    }
    return [...this.#around(block), ...inside];
  }

  #around({ family, prefix, first }: Block): (readonly Claim[])[] {
    const bits = family === 4 ? 32 : 128;
    return Array.from({ length: prefix }, (_, length) => {
      const shift = BigInt(bits - length);
      return this.#byBlock.get(keyOf({ family, prefix: length, first: (first >> shift) << shift })) ?? [];
    }).filter(({ length }) => length > 0);
  }

  /** By bisection: of the blocks in their order, the first that is not before the given one. */
  #firstAt(block: Block): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const candidate = this.#blocks[middle];
      if (candidate !== undefined && compareBlocks(candidate, block) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function keyOf({ family, prefix, first }: Pick<Block, "family" | "prefix" | "first">): string {
  return `${family}/${prefix}/${first}`;
}

/** By family and first address, larger blocks first. */
function compareBlocks(a: Block, b: Block): number {
  return a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : a.prefix - b.prefix);
}
