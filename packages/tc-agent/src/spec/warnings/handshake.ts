import { meanLoss } from "./mean-loss.ts";
import { printDuration, printShare } from "./print-numbers.ts";
import type { RoundTrip } from "./round-trips.ts";
import type { Warning } from "./warning.ts";

/** RFC 6298, section 2: how long TCP waits for the answer to its first packet before it sends it again. */
const FIRST_TIMEOUT_US = 1_000_000;

/** A delay is paid for each round trip, of which a new connection has one before its first byte. */
export function warnOfHandshake({ rule, back, delayUs }: RoundTrip): Warning[] {
  // The rule for what goes out speaks for both.
  if (delayUs === 0 || !carriesTcp(rule.matches) || (rule.direction === "ingress" && back !== undefined)) return [];
  const parts =
    back === undefined || back.emulation.delayUs === 0
      ? ""
      : ` (${printDuration(rule.emulation.delayUs)}, and ${printDuration(back.emulation.delayUs)} back by rule '${back.name}')`;
  const lost = 1 - (1 - meanLoss(rule.emulation)) * (1 - (back === undefined ? 0 : meanLoss(back.emulation)));
  const sentences = [
    `rule '${rule.name}': every round trip takes ${printDuration(delayUs)} longer${parts}, so a TCP handshake does, and with TLS 1.3 two of them`,
    ...(delayUs >= FIRST_TIMEOUT_US
      ? [`TCP sends its first packet again after ${printDuration(FIRST_TIMEOUT_US)}, before an answer can come`]
      : []),
    ...(lost > 0 ? [`${printShare(lost)} of handshakes lose a packet and take ${printDuration(FIRST_TIMEOUT_US)} more`] : []),
  ];
  return [{ rule: rule.name, code: "handshake-time", message: sentences.join("; ") }];
}

/** Is TCP among the protocols? */
export function carriesTcp(matches: readonly { readonly protocol?: string }[]): boolean {
  return matches.some(({ protocol }) => protocol === undefined || protocol === "tcp");
}
