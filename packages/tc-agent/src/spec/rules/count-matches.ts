import type { EmulationSpec, Peer } from "../emulation.ts";

/** How many matches a namespace may have, those of exceptions and of what passes included. */
export const MOST_MATCHES = 10_000;

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
