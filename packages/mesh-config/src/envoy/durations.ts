/** Milliseconds as protobuf writes a duration in JSON. */
export function printDuration(milliseconds: number): string {
  return `${milliseconds / 1_000}s`;
}
