import { readCidr } from "../addresses/cidr.ts";
import type { Degradation, Direction, Rule, Rules } from "../emulation.ts";
import { ClaimsByAddress, claimsOf } from "../rules/claims.ts";
import { regionOf, touches } from "../rules/region.ts";

/** A rule, and the rule that the answers to its packets obey. */
export interface RoundTrip {
  readonly rule: Rule & { readonly emulation: Degradation };
  readonly back?: Rule & { readonly emulation: Degradation };
  /** What the delays of both add to a round trip, in microseconds. */
  readonly delayUs: number;
}

/**
 * The round trips of every rule that is no partition. Answers may obey several rules of the other direction; the first that has a packet in common
 * counts.
 */
export function roundTripsOf(rules: Rules): RoundTrip[] {
  return (["egress", "ingress"] as const).flatMap((direction) => {
    const other: Direction = direction === "egress" ? "ingress" : "egress";
    const answering = rules.rules.filter((rule) => rule.direction === other);
    const claims = new ClaimsByAddress(claimsOf({ rules: answering, pass: [] }, other));
    return rules.rules.filter(isDegradation).flatMap((rule) => {
      if (rule.direction !== direction) return [];
      const back = answering[firstTouching(rule, claims)];
      const isDegraded = back !== undefined && isDegradation(back);
      const delayUs = rule.emulation.delayUs + (isDegraded ? back.emulation.delayUs : 0);
      return [{ rule, ...(isDegraded && { back }), delayUs }];
    });
  });
}

function firstTouching({ matches }: Rule, claims: ClaimsByAddress): number {
  const firsts = matches.flatMap((match) => {
    const region = regionOf(match);
    return claims.overlapping(readCidr(match.cidr)).map((list) => {
      const first = list.find((claim) => !claim.isException && touches(claim.region, region));
      return first?.position ?? Number.POSITIVE_INFINITY;
    });
  });
  return firsts.reduce((least, position) => Math.min(least, position), Number.POSITIVE_INFINITY);
}

function isDegradation(rule: Rule): rule is Rule & { readonly emulation: Degradation } {
  return rule.emulation.kind === "degradation";
}
