/** How far two samples' distributions are apart at most: 0 where they are the same, 1 where they have nothing in common (Kolmogorov and Smirnov). */
export function distanceOf(some: readonly number[], others: readonly number[]): number {
  const [a, b] = [some.toSorted(ascending), others.toSorted(ascending)];
  let [atA, atB, distance] = [0, 0, 0];
  while (atA < a.length && atB < b.length) {
    const value = Math.min(a[atA] ?? 0, b[atB] ?? 0);
    while (a[atA] === value) atA += 1;
    while (b[atB] === value) atB += 1;
    distance = Math.max(distance, Math.abs(atA / a.length - atB / b.length));
  }
  return distance;
}

/** Two samples of one distribution are farther apart than this once in so many cases. */
export function farthest(some: readonly number[], others: readonly number[], onceIn: number): number {
  const both = (some.length * others.length) / (some.length + others.length);
  return Math.sqrt(Math.log(2 * onceIn) / 2 / both);
}

function ascending(a: number, b: number): number {
  return a - b;
}
