import { PASS } from "../document/names.ts";
import type { Match, Rule, Rules } from "../emulation.ts";
import { type Claim, ClaimsByAddress, claimsOf } from "./claims.ts";
import { covers, intersect, type Region, subtract, touches } from "./region.ts";

/** A rule, or one match of it, that no packet will ever obey. */
export interface Shadowed {
  /** The rule's name. */
  readonly rule: string;
  /** The names of the rules that take its packets, `pass` for what passes; the rule's own where its exceptions do. */
  readonly by: readonly string[];
  /** The match; absent where the whole rule is shadowed. */
  readonly match?: Match;
}

/** In how many pieces what is left of a match is followed, before it is taken to be obeyed by some packet. */
const MOST_PIECES = 200;

/**
 * Finds the rules that can never be obeyed, as what passes, the rules before them and their own exceptions leave them no packet. A rule of
 * which only some matches are so is told by these matches. What an earlier rule excepts it does not take.
 *
 * What is told is certain. Where a match is taken by hundreds of others that each leave some of it, it may not be told; what a single match
 * takes always is.
 */
export function findShadowed(rules: Rules): Shadowed[] {
  return (["egress", "ingress"] as const).flatMap((direction) => {
    const own = rules.rules.filter((rule) => rule.direction === direction);
    const claims = claimsOf(rules, direction);
    const byAddress = new ClaimsByAddress(claims);
    const matches = Map.groupBy(
      claims.filter(({ isException }) => !isException),
      ({ position }) => position,
    );
    const nameAt = (position: number) => own[position]?.name ?? PASS;
    return own.flatMap((rule, position) => {
      const found = (matches.get(position) ?? []).flatMap((claim) => {
        const by = findTakers(claim, byAddress);
        return by === undefined ? [] : [{ match: claim.match, by }];
      });
      return describe(
        rule,
        found.map(({ match, by }) => ({ rule: rule.name, by: by.map(nameAt), match })),
      );
    });
  });
}

function describe(rule: Rule, found: readonly Required<Shadowed>[]): readonly Shadowed[] {
  if (found.length === 0 || found.length < rule.matches.length) return found;
  return [{ rule: rule.name, by: [...new Set(found.flatMap(({ by }) => by))] }];
}

/** The positions of those that leave a claim no packet, or `undefined` where some packet is left. */
function findTakers(claim: Claim, byAddress: ClaimsByAddress): readonly number[] | undefined {
  const rivals = byAddress.overlapping(claim.block).flatMap((list) => rivalsIn(list, claim));
  const taker = rivals.find(({ isException, position, region }) => {
    const isTaken = !isException && covers(region, claim.region);
    return isTaken && !rivals.some((other) => other.isException && other.position === position);
  });
  if (taker !== undefined) return [taker.position];
  const ofRules = [...Map.groupBy(rivals, ({ position }) => position)].toSorted(([a], [b]) => a - b);
  return takesAll(claim, ofRules) ? leaveOutNeedless(claim, ofRules).map(([position]) => position) : undefined;
}

type RuleClaims = readonly [position: number, claims: readonly Claim[]];

/** The claims that come before one and have a packet in common with it: those of earlier rules, and the exceptions of its own. */
function rivalsIn(list: readonly Claim[], claim: Claim): Claim[] {
  const rivals: Claim[] = [];
  for (const other of list) {
    if (other.position > claim.position) break;
    const isBefore = other.position < claim.position || other.isException;
    if (isBefore && touches(other.region, claim.region)) rivals.push(other);
  }
  return rivals;
}

function takesAll(claim: Claim, ofRules: readonly RuleClaims[]): boolean {
  let left: readonly Region[] = [claim.region];
  for (const [position, claims] of ofRules) {
    left = position === claim.position ? without(left, regionsOf(claims)) : afterRule(left, claims);
    if (left.length === 0 || left.length > MOST_PIECES) break;
  }
  return left.length === 0;
}

/** Who wants to know why a match is taken is helped by those that take it without the others. */
function leaveOutNeedless(claim: Claim, ofRules: readonly RuleClaims[]): readonly RuleClaims[] {
  return ofRules.reduce((needed, rule) => {
    const others = needed.filter((other) => other !== rule);
    return takesAll(claim, others) ? others : needed;
  }, ofRules);
}

/** What a rule leaves: what it does not match, and what it excepts. */
function afterRule(left: readonly Region[], claims: readonly Claim[]): Region[] {
  const exceptions = regionsOf(claims.filter(({ isException }) => isException));
  const matched = regionsOf(claims.filter(({ isException }) => !isException));
  const excepted = left.flatMap((piece) => exceptions.flatMap((exception) => intersect(piece, exception) ?? []));
  return [...without(left, matched), ...excepted];
}

function regionsOf(claims: readonly Claim[]): Region[] {
  return claims.map(({ region }) => region);
}

/** Stops early where it goes into pieces, and leaves too much then, never too little. */
function without(from: readonly Region[], what: readonly Region[]): Region[] {
  let left = [...from];
  for (const region of what) {
    left = left.flatMap((piece) => subtract(piece, region));
    if (left.length === 0 || left.length > MOST_PIECES) break;
  }
  return left;
}
