import { contains, readCidr } from "../addresses/cidr.ts";
import type { Direction, Match, PortRange, Protocol } from "../emulation.ts";

/** What filters see of a packet. */
export interface Packet {
  readonly direction: Direction;
  readonly family: 4 | 6;
  /** The far end's. */
  readonly address: string;
  /** `other` is none that a spec can name. */
  readonly protocol: Protocol | "other";
  /** The far end's; absent where the packet has none, as with ICMP. */
  readonly port?: number;
  /** This end's. */
  readonly localPort?: number;
}

/** Is the packet one of those that the match tells? */
export function matchesPacket(match: Match, packet: Packet): boolean {
  return (
    match.family === packet.family &&
    (match.protocol === undefined || match.protocol === packet.protocol) &&
    includesPort(match.ports, packet.port) &&
    includesPort(match.localPorts, packet.localPort) &&
    contains(readCidr(match.cidr), readCidr(packet.address))
  );
}

function includesPort(range: PortRange | undefined, port: number | undefined): boolean {
  return range === undefined || (port !== undefined && range.from <= port && port <= range.to);
}
