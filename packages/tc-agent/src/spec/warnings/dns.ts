import { EVERYBODY } from "../addresses/cidr.ts";
import type { Rule, Rules } from "../emulation.ts";
import { covers, intersect, regionOf } from "../rules/region.ts";
import { meanLoss } from "./mean-loss.ts";
import { printDuration, printShare } from "./print-numbers.ts";
import type { RoundTrip } from "./round-trips.ts";
import type { Warning } from "./warning.ts";

/** resolv.conf(5): a resolver waits five seconds, and asks twice. */
const TIMEOUT_US = 5_000_000;
const ATTEMPTS = 2;
/** In a pod, which has `ndots:5` and three search domains, a name from outside is the fourth that is asked for. */
const NAMES_ASKED = 4;

/** Where names are asked for over the emulated network, its faults are paid in the seconds of timeouts. */
export function warnOfDns(trip: RoundTrip, { pass }: Pick<Rules, "pass">): Warning[] {
  const { rule, back, delayUs } = trip;
  const lost = 1 - (1 - meanLoss(rule.emulation)) * (1 - (back === undefined ? 0 : meanLoss(back.emulation)));
  const isQuick = delayUs * NAMES_ASKED < TIMEOUT_US;
  // What the way back alone does is told of the rule that it obeys.
  const isHarmless = meanLoss(rule.emulation) === 0 && rule.emulation.delayUs === 0;
  if (isHarmless || (lost === 0 && isQuick) || !carriesDns(rule, pass)) return [];
  const warn = (sentence: string): Warning[] => [
    { rule: rule.name, code: "dns", message: `rule '${rule.name}': DNS is emulated: ${sentence}` },
  ];
  if (delayUs >= TIMEOUT_US)
    return warn(`answers take ${printDuration(delayUs)}, and resolvers wait ${printDuration(TIMEOUT_US)}: no name resolves`);
  const slow = `names from outside the cluster, each the ${NAMES_ASKED}th that a pod asks for, take ${printDuration(delayUs * NAMES_ASKED)} longer`;
  const failing = `${printShare(lost)} of lookups wait ${printDuration(TIMEOUT_US)} for an answer that was lost, and ${printShare(lost ** ATTEMPTS)} fail`;
  return warn([...(isQuick ? [] : [slow]), ...(lost === 0 ? [] : [failing])].join("; "));
}

/** A partition of DNS breaks what has nothing to do with the peers that it was meant for. */
export function warnOfPartitionedDns(rule: Rule, { pass }: Pick<Rules, "pass">): Warning[] {
  if (rule.emulation.kind !== "partition" || !carriesDns(rule, pass)) return [];
  return [{ rule: rule.name, code: "dns", message: `rule '${rule.name}': DNS is emulated: no name resolves that is asked for over it` }];
}

function carriesDns({ matches }: Rule, pass: Rules["pass"]): boolean {
  return matches.some((match) => {
    const dns = regionOf({ family: match.family, cidr: EVERYBODY[match.family], protocol: "udp", ports: { from: 53, to: 53 } });
    const queries = intersect(regionOf(match), dns);
    return queries !== undefined && !pass.some((passing) => covers(regionOf(passing), queries));
  });
}
