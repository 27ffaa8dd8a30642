import { type Block, blockOfAddress, EVERYBODY, formatCidr } from "../addresses/cidr.ts";
import type { EmulationSpec, Match, Peer, PortRange, Protocol, Rules } from "../emulation.ts";
import { MOST_MATCHES, TooManyMatches } from "./count-matches.ts";

type Addresses = ReadonlyMap<string, readonly string[]>;

/** The names of hosts that a spec is about, sorted, each once. */
export function hostsOf({ rules, pass }: EmulationSpec): string[] {
  const peers = [...rules.flatMap(({ peers, except }) => [...peers, ...except]), ...pass];
  return [...new Set(peers.flatMap(({ host }) => host ?? []))].toSorted();
}

/**
 * Tells a spec as matches that a kernel understands: hosts become their addresses, lists are multiplied out, and duplicates dropped. The same spec
 * and addresses give the same rules, in whatever order a name server told the addresses.
 *
 * A host without an address is nobody: a rule that names only such hosts matches nothing, never everything.
 *
 * @param addressesOf - of each host, as text; what is no address is left out
 * @throws {@link TooManyMatches} where the addresses make it more than 10,000
 *
 * @example
 * ```ts
 * const spec = parseSpec({ path: "spec.yaml", text: "egress: [{ to: [{ host: db.example, ports: [5432], protocol: tcp }], delay: 1ms }]" });
 * resolveSpec(spec, new Map([["db.example", ["192.0.2.1"]]])).rules[0].matches;
 * // [{ family: 4, cidr: "192.0.2.1/32", protocol: "tcp", ports: { from: 5432, to: 5432 } }]
 * ```
 */
export function resolveSpec({ rules, pass }: EmulationSpec, addressesOf: Addresses): Rules {
  const resolved = {
    rules: rules.map(({ name, direction, peers, except, emulation }) => ({
      name,
      direction,
      matches: peers.length === 0 ? matchesOf(EVERY_PEER, addressesOf) : matchesOfAll(peers, addressesOf),
      except: matchesOfAll(except, addressesOf),
      emulation,
    })),
    pass: matchesOfAll(pass, addressesOf),
  };
  const count = resolved.rules.reduce((sum, { matches, except }) => sum + matches.length + except.length, resolved.pass.length);
  if (count > MOST_MATCHES) throw new TooManyMatches(count);
  return resolved;
}

const EVERY_PEER: Peer = { ports: [], localPorts: [] };

function matchesOfAll(peers: readonly Peer[], addressesOf: Addresses): Match[] {
  const matches = peers.flatMap((peer) => matchesOf(peer, addressesOf));
  return [...new Map(matches.map((match) => [keyOf(match), match])).values()];
}

function matchesOf(peer: Peer, addressesOf: Addresses): Match[] {
  const ports = orAny(peer.ports);
  const localPorts = orAny(peer.localPorts);
  return cidrsOf(peer, addressesOf).flatMap(({ family, cidr }) =>
    protocolsOf(peer).flatMap((protocol) =>
      ports.flatMap((range) =>
        localPorts.map((localRange) => ({
          family,
          cidr,
          ...(protocol && { protocol }),
          ...(range && { ports: range }),
          ...(localRange && { localPorts: localRange }),
        })),
      ),
    ),
  );
}

function cidrsOf({ cidr, host }: Peer, addressesOf: Addresses): Pick<Match, "family" | "cidr">[] {
  if (cidr !== undefined) return [{ family: cidr.includes(":") ? 6 : 4, cidr }];
  if (host === undefined) return ([4, 6] as const).map((family) => ({ family, cidr: EVERYBODY[family] }));
  const blocks = (addressesOf.get(host) ?? []).flatMap((address) => blockOfAddress(address) ?? []);
  return blocks.toSorted(compareBlocks).map((block) => ({ family: block.family, cidr: formatCidr(block) }));
}

/** Only these have ports that a packet tells; who names ports and nothing else means both. */
function protocolsOf({ protocol, ports, localPorts }: Peer): readonly (Protocol | undefined)[] {
  if (protocol !== undefined || ports.length + localPorts.length === 0) return [protocol];
  return ["tcp", "udp"];
}

function orAny(ranges: readonly PortRange[]): readonly (PortRange | undefined)[] {
  return ranges.length === 0 ? [undefined] : ranges;
}

function compareBlocks(a: Block, b: Block): number {
  return a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0);
}

function keyOf({ cidr, protocol, ports, localPorts }: Match): string {
  const range = (of: PortRange | undefined) => (of === undefined ? "" : `${of.from}-${of.to}`);
  return [cidr, protocol, range(ports), range(localPorts)].join(" ");
}
