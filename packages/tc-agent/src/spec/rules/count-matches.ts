import type { EmulationSpec, Peer } from "../emulation.ts";

/** How many matches a namespace may have, those of exceptions and of what passes included. */
export const MOST_MATCHES = 10_000;

/** Thrown where hosts have so many addresses that a spec multiplies out to more than 10,000 matches. */
export class TooManyMatches extends Error {
  readonly code = "too-many-matches";

  constructor(count: number) {
    super(
      `the rules multiply out to ${count} matches, more than ${MOST_MATCHES}: name blocks of addresses instead of hosts, or fewer ports`,
    );
    this.name = "TooManyMatches";
  }
}

/** Counts the matches that a spec multiplies out to, with one address for each host. */
export function countMatches({ rules, pass }: EmulationSpec): number {
  const ofRules = rules.map(({ peers, except }) => (peers.length === 0 ? 2 : sum(peers)) + sum(except));
  return ofRules.reduce((total, count) => total + count, sum(pass));
}

function sum(peers: readonly Peer[]): number {
  return peers.reduce((total, peer) => total + count(peer), 0);
}

function count({ cidr, host, protocol, ports, localPorts }: Peer): number {
  const families = cidr === undefined && host === undefined ? 2 : 1;
  const protocols = protocol === undefined && ports.length + localPorts.length > 0 ? 2 : 1;
  return families * protocols * Math.max(ports.length, 1) * Math.max(localPorts.length, 1);
}
