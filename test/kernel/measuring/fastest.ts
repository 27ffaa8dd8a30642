/**
 * The least that a packet took. A delay without jitter keeps all packets, and a busy machine any of them, but hardly all: the fastest tells a delay from a
 * moment's load.
 *
 * @throws where there is nothing to take it of
 */
export function fastest(times: readonly (number | undefined)[]): number {
  const arrived = times.filter((time) => time !== undefined);
  if (arrived.length === 0) throw new Error("none of the packets arrived");
  return Math.min(...arrived);
}
