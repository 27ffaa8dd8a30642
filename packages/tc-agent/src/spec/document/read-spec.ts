import type { Direction, EmulationSpec, Peer, SpecRule } from "../emulation.ts";
import { readEmulation } from "./read-emulation.ts";
import type { RuleFields, WrittenPeer, WrittenSpec } from "./schema.ts";
import { placeName } from "./written-rule.ts";

const DNS_PORT = { from: 53, to: 53 };
const DNS: readonly Peer[] = (["udp", "tcp"] as const).map((protocol) => ({ protocol, ports: [DNS_PORT], localPorts: [] }));

/** Puts a spec that passed its checks into the order in which it is obeyed. */
export function readSpec({ egress, ingress, pass, dns }: WrittenSpec): EmulationSpec {
  return {
    rules: [
      ...readRules(
        "egress",
        egress.map(({ to, ...fields }) => ({ peers: to, fields })),
      ),
      ...readRules(
        "ingress",
        ingress.map(({ from, ...fields }) => ({ peers: from, fields })),
      ),
    ],
    pass: [...pass.probes.map(readPeer), ...(dns === "pass" ? DNS : [])],
  };
}

interface Directed {
  readonly peers: readonly WrittenPeer[] | undefined;
  readonly fields: RuleFields;
}

function readRules(direction: Direction, rules: readonly Directed[]): SpecRule[] {
  return rules
    .map(({ peers, fields }, index) => ({
      priority: fields.priority,
      rule: {
        name: fields.name ?? placeName(direction, index),
        direction,
        peers: (peers ?? []).map(readPeer),
        except: (fields.except ?? []).map(readPeer),
        emulation: readEmulation(fields),
      },
    }))
    .toSorted((a, b) => b.priority - a.priority)
    .map(({ rule }) => rule);
}

function readPeer({ cidr, host, protocol, ports, localPorts }: WrittenPeer): Peer {
  return {
    ...(cidr !== undefined && { cidr }),
    ...(host !== undefined && { host }),
    ...(protocol !== undefined && { protocol }),
    ports: ports ?? [],
    localPorts: localPorts ?? [],
  };
}
