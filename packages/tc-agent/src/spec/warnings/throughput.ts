import { carriesTcp } from "./handshake.ts";
import { meanLoss } from "./mean-loss.ts";
import { printDuration, printRate, printShare } from "./print-numbers.ts";
import type { RoundTrip } from "./round-trips.ts";
import type { Warning } from "./warning.ts";

const SEGMENT_BYTES = 1_448;
const FRAME_BYTES = 1_514;
/** Mathis, Semke, Mahdavi and Ott, 1997: the square root of 3/2, where each packet is acknowledged. */
const MATHIS = Math.sqrt(3 / 2);
/** Above it TCP waits for timeouts more than it sends, which the formula does not know. */
const MOST_LOSS = 0.1;

/** TCP takes each loss for congestion, so that a little loss and a delay cost more than either. */
export function warnOfThroughput({ rule, delayUs }: RoundTrip): Warning[] {
  const { name, emulation, matches } = rule;
  if (!carriesTcp(matches)) return [];
  const lost = meanLoss(emulation);
  const byRate = emulation.rate === undefined ? undefined : (emulation.rate * SEGMENT_BYTES) / FRAME_BYTES;
  const byLoss = lost === 0 || delayUs === 0 ? undefined : ((SEGMENT_BYTES * 8) / (delayUs / 1e6)) * (MATHIS / Math.sqrt(lost));
  const sentence = describe(lost, delayUs, byRate, byLoss);
  return sentence === undefined ? [] : [{ rule: name, code: "throughput", message: `rule '${name}': ${sentence}` }];
}

function describe(lost: number, delayUs: number, byRate: number | undefined, byLoss: number | undefined): string | undefined {
  if (lost >= 1) return "every packet is lost, as with 'partition: true'";
  if (lost > MOST_LOSS) return `at ${printShare(lost)} of loss TCP waits for timeouts most of the time: expect a few packets a second`;
  if (byLoss !== undefined && (byRate === undefined || byLoss < byRate)) {
    const why = `by the formula of Mathis for ${printShare(lost)} of loss and a round trip of ${printDuration(delayUs)}`;
    const however = byRate === undefined ? "" : `, less than the rate allows (${printRate(byRate)})`;
    return `expect a TCP connection to carry about ${printRate(byLoss)}${however}: an estimate ${why}`;
  }
  return byRate === undefined
    ? undefined
    : `expect TCP connections to carry about ${printRate(byRate)} together: the rate counts headers too`;
}
