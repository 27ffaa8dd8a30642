/**
 * Finds the word that was most likely meant: the candidate with the fewest slips (letters added, left out, replaced, or two neighbours
 * swapped), or `undefined` where even that one is too far away. Upper and lower case count as equal; of equally near words the first wins.
 *
 * @example
 * ```ts
 * nearestWord("protocl", ["port", "protocol"]); // "protocol"
 * nearestWord("zebra", ["port", "protocol"]); // undefined
 * ```
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let limit = wanted.length < 4 ? 1 : wanted.length < 8 ? 2 : 3;
  let nearest: string | undefined;
  for (const candidate of candidates) {
    const slips = countSlips(wanted, candidate.toLowerCase(), limit);
    if (slips > limit || slips >= Math.max(wanted.length, candidate.length)) continue;
    nearest = candidate;
    if (slips === 0) break;
    limit = slips - 1;
  }
  return nearest;
}

/** The optimal string alignment distance of two words, or more than `limit` as soon as it is certain to be more. */
function countSlips(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    let best = row;
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let slips = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, at(previous, column - 1) + (isSame ? 0 : 1));
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwap) slips = Math.min(slips, at(beforePrevious, column - 2) + 1);
      current.push(slips);
      best = Math.min(best, slips);
    }
    // A swap looks two rows back, hence the one slip of slack.
    if (best > limit + 1) return limit + 1;
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
