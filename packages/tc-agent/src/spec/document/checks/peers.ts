import type { ValuePath } from "@puggle/model/documents";
import { type Finding, isMap } from "../written-rule.ts";

const KEYS = ["cidr", "host", "protocol", "ports", "localPorts"] as const;

/** What is wrong with the peers of lists such as a rule's `to`, beside their schema; paths begin at the map that has the lists. */
export function findPeerConflicts(lists: Readonly<Record<string, unknown>>, keys: readonly string[]): Finding[] {
  return keys.flatMap((key) => {
    const peers = lists[key];
    return Array.isArray(peers) ? peers.flatMap((peer: unknown, index) => (isMap(peer) ? findConflicts(peer, [key, index]) : [])) : [];
  });
}

function findConflicts(peer: Readonly<Record<string, unknown>>, path: ValuePath): Finding[] {
  const findings: Finding[] = [];
  if (Object.keys(peer).length === 0) {
    const fix = `add one of ${KEYS.join(", ")}; everybody is meant where the whole list is left out`;
    findings.push({ path, code: "missing-key", message: "a peer says nothing of whom it means", fix });
  }
  if (peer.cidr !== undefined && peer.host !== undefined) {
    const fix = "keep one of them, or make two entries";
    findings.push({ path: [...path, "host"], code: "conflicting-keys", message: "a peer can not be both 'cidr' and 'host'", fix });
  }
  for (const key of ["ports", "localPorts"] as const) {
    if (peer[key] === undefined || peer.protocol !== "icmp") continue;
    const fix = `remove '${key}', or name another protocol`;
    findings.push({ path: [...path, key], code: "conflicting-keys", message: "ICMP has no ports", fix });
  }
  return findings;
}
