/** Milliseconds of a duration such as `1.5s`. */
export function toMilliseconds(duration: string): number {
  return Math.round(Number(duration.slice(0, -1)) * 1e9) / 1e6;
}
