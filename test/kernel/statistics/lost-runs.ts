/** How long the bursts are in which packets were lost, of so many sent with numbers from 1. */
export function lostRuns(sent: number, arrived: readonly number[]): readonly number[] {
  const all = new Set(arrived);
  const runs: number[] = [];
  let run = 0;
  for (let number = 1; number <= sent; number += 1) {
    if (!all.has(number)) run += 1;
    else if (run > 0) {
      runs.push(run);
      run = 0;
    }
  }
  return run > 0 ? [...runs, run] : runs;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
