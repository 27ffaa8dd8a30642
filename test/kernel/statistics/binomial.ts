/** A range of counts, both ends in it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const OUTSIDE = 0.01;

/** Of so many trials, each with this probability, as many succeed in 99 of 100 cases: at each end one half per cent of cases is left out, or less. */
export function binomialInterval(trials: number, probability: number): Interval {
  if (probability === 0 || probability === 1) return { low: trials * probability, high: trials * probability };
  const chances = probabilities(trials, probability);
  const low = firstBeyond(chances, OUTSIDE / 2);
  const high = trials - firstBeyond(chances.toReversed(), OUTSIDE / 2);
  return { low, high };
}

/** By logarithms, since the terms are too small for numbers. */
function probabilities(trials: number, probability: number): readonly number[] {
  const [yes, no] = [Math.log(probability), Math.log1p(-probability)];
  let logOfWays = 0;
  return Array.from({ length: trials + 1 }, (_, count) => {
    if (count > 0) logOfWays += Math.log((trials - count + 1) / count);
    return Math.exp(logOfWays + count * yes + (trials - count) * no);
  });
}

function firstBeyond(chances: readonly number[], share: number): number {
  let sum = 0;
  return chances.findIndex((chance) => {
    sum += chance;
    return sum > share;
  });
}

/**
 * The share of events that come in bursts, by the two-state chain of Gilbert: in so many packets as many are lost in 99 of 100 cases, by the normal
 * approximation. Bursts make neighbours alike, so the count spreads by (1 + c) / (1 - c) more, where c = 1 - p - r is what one packet says of the next.
 *
 * @param p - how often a packet that is not lost is followed by one that is
 * @param r - how often a lost one is followed by one that is not
 */
export function burstInterval(packets: number, { p, r }: { readonly p: number; readonly r: number }): Interval {
  const share = p / (p + r);
  const alike = 1 - p - r;
  const spread = DEVIATIONS * Math.sqrt((packets * share * (1 - share) * (1 + alike)) / (1 - alike));
  return { low: packets * share - spread, high: packets * share + spread };
}

/** Of a normal distribution, 99 of 100 cases are so near. */
const DEVIATIONS = 2.576;
