import { readCidr } from "../addresses/cidr.ts";
import type { Match, PortRange, Protocol } from "../emulation.ts";

/** From the first to before the end. */
interface Interval<N extends number | bigint> {
  readonly from: N;
  readonly end: N;
}

/** A box of packets: an interval of addresses, a set of protocols as bits, and two intervals of ports. */
export interface Region {
  readonly family: 4 | 6;
  readonly addresses: Interval<bigint>;
  readonly protocols: number;
  readonly ports: Interval<number>;
  readonly localPorts: Interval<number>;
}

const BITS: Readonly<Record<Protocol, number>> = { tcp: 1, udp: 2, sctp: 4, icmp: 8 };
/** Those of {@link BITS}, and one for all others. */
const EVERY_PROTOCOL = 31;
/** -1 stands for packets that have no port. */
const EVERY_PORT: Interval<number> = { from: -1, end: 65_536 };

/** The packets that a match tells. */
export function regionOf({ family, cidr, protocol, ports, localPorts }: Match): Region {
  const { first, last } = readCidr(cidr);
  return {
    family,
    addresses: { from: first, end: last + 1n },
    protocols: protocol === undefined ? EVERY_PROTOCOL : BITS[protocol],
    ports: intervalOf(ports),
    localPorts: intervalOf(localPorts),
  };
}

/** Have boxes whose addresses overlap a packet in common? Spelt out, as of 10,000 boxes each is compared with each. */
export function touches(a: Region, b: Region): boolean {
  return (
    (a.protocols & b.protocols) !== 0 &&
    a.ports.from < b.ports.end &&
    b.ports.from < a.ports.end &&
    a.localPorts.from < b.localPorts.end &&
    b.localPorts.from < a.localPorts.end
  );
}

/** The packets that both boxes hold, again a box. */
export function intersect(a: Region, b: Region): Region | undefined {
  const protocols = a.protocols & b.protocols;
  if (a.family !== b.family || protocols === 0) return undefined;
  const ports = overlap(a.ports, b.ports);
  const localPorts = overlap(a.localPorts, b.localPorts);
  const addresses = overlap(a.addresses, b.addresses);
  return ports && localPorts && addresses && { family: a.family, addresses, protocols, ports, localPorts };
}

/** The packets of a box that another one does not hold, as boxes that share none. */
export function subtract(from: Region, what: Region): Region[] {
  const common = intersect(from, what);
  if (common === undefined) return [from];
  const { addresses, protocols, ports } = common;
  const otherProtocols = from.protocols & ~protocols;
  return [
    ...outside(from.addresses, addresses).map((rest) => ({ ...from, addresses: rest })),
    ...(otherProtocols === 0 ? [] : [{ ...from, addresses, protocols: otherProtocols }]),
    ...outside(from.ports, ports).map((rest) => ({ ...from, addresses, protocols, ports: rest })),
    ...outside(from.localPorts, common.localPorts).map((rest) => ({ ...common, localPorts: rest })),
  ];
}

/** Does the box hold all of the other one? */
export function covers(outer: Region, inner: Region): boolean {
  return (
    outer.family === inner.family &&
    (inner.protocols & ~outer.protocols) === 0 &&
    holds(outer.ports, inner.ports) &&
    holds(outer.localPorts, inner.localPorts) &&
    holds(outer.addresses, inner.addresses)
  );
}

function intervalOf(range: PortRange | undefined): Interval<number> {
  return range === undefined ? EVERY_PORT : { from: range.from, end: range.to + 1 };
}

function holds<N extends number | bigint>(outer: Interval<N>, inner: Interval<N>): boolean {
  return outer.from <= inner.from && inner.end <= outer.end;
}

function overlap<N extends number | bigint>(a: Interval<N>, b: Interval<N>): Interval<N> | undefined {
  const { from } = a.from > b.from ? a : b;
  const { end } = a.end < b.end ? a : b;
  return from < end ? { from, end } : undefined;
}

function outside<N extends number | bigint>(all: Interval<N>, inner: Interval<N>): Interval<N>[] {
  return [
    { from: all.from, end: inner.from },
    { from: inner.end, end: all.end },
  ].filter(({ from, end }) => from < end);
}
