import type { Rules } from "../emulation.ts";
import { warnOfDns, warnOfPartitionedDns } from "./dns.ts";
import { warnOfHandshake } from "./handshake.ts";
import { warnOfDelayCorrelation, warnOfReordering } from "./jitter.ts";
import { warnOfLoopback } from "./loopback.ts";
import { warnOfQueue } from "./queue.ts";
import { roundTripsOf } from "./round-trips.ts";
import { warnOfThroughput } from "./throughput.ts";
import type { Warning } from "./warning.ts";

/**
 * Says what rules will do that their authors may not expect, before they are applied: packets that overtake each other, queues that overflow, what
 * handshakes and DNS will take, and what TCP will carry. Numbers are estimates of the emulation alone; the network itself adds to them.
 *
 * @example
 * ```ts
 * const spec = parseSpec({ path: "spec.yaml", text: "egress: [{ delay: 120ms }]\n" });
 * warnOf(resolveSpec(spec, new Map())).map(({ message }) => message);
 * // ["rule 'egress[0]': every round trip takes 120 ms longer, so a TCP handshake does, and with TLS 1.3 two of them"]
 * ```
 */
export function warnOf(rules: Rules): Warning[] {
  const ofTrips = roundTripsOf(rules).flatMap((trip) => [
    ...warnOfReordering(trip),
    ...warnOfDelayCorrelation(trip),
    ...warnOfQueue(trip),
    ...warnOfHandshake(trip),
    ...warnOfThroughput(trip),
    ...warnOfDns(trip, rules),
  ]);
  return [...ofTrips, ...rules.rules.flatMap((rule) => [...warnOfPartitionedDns(rule, rules), ...warnOfLoopback(rule)])];
}
