/** How much each value says of the one after the next `lag - 1`: 1 where they are the same, 0 where it says nothing. */
export function autocorrelation(values: readonly number[], lag = 1): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const product = (by: number) => values.slice(by).reduce((sum, value, at) => sum + (value - mean) * ((values[at] ?? 0) - mean), 0);
  return product(lag) / product(0);
}
