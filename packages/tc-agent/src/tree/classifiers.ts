import { isIPv4 } from "node:net";
import type { Direction, Match, PortRange, Protocol } from "../spec/emulation.ts";
import { isEveryPort, type PortPrefix, portPrefixes } from "./ports.ts";
import type { Filter } from "./tree.ts";

/** What one filter matches, wherever it stands. */
export type Criterion = Pick<Filter, "protocol" | "classifier" | "keys">;

/**
 * How packets are told apart: by `flower`, or by `u32` where the kernel has no flower. `u32` looks for ports where they are when the header has no options,
 * and knows nothing of fragments: what is otherwise escapes it.
 */
export type Dialect = "flower" | "u32";

const EVERY_PACKET: Readonly<Record<Dialect, Criterion>> = {
  flower: { protocol: "all", classifier: "matchall", keys: {} },
  u32: { protocol: "all", classifier: "u32", keys: { "at 0": "0/0" } },
};

export function everyPacket(dialect: Dialect): Criterion {
  return EVERY_PACKET[dialect];
}

/**
 * How far the preferences of a hook's filters are moved: Linux keeps the `u32` filters of both hooks together, and tells those of one preference as each
 * hook's (`u32_walk` in net/sched/cls_u32.c), so none may have the same.
 */
export function hookOffset(hook: Direction, { classifier }: Pick<Criterion, "classifier">, offset: number): number {
  return classifier === "u32" && hook === "ingress" ? offset : 0;
}

/** The filters that match just these packets of a hook. */
export function criteriaOf(match: Match, hook: Direction, dialect: Dialect): readonly Criterion[] {
  return dialect === "flower" ? withoutPortZero(match).map((one) => flowerCriterion(one, hook)) : rawCriteria(match, hook);
}

/** tc takes no range that begins at port 0 for flower, so port 0 is matched by itself. */
function withoutPortZero(match: Match): readonly Match[] {
  const split = (range: PortRange | undefined): readonly (PortRange | undefined)[] =>
    range === undefined || isEveryPort(range) || range.from > 0 || range.to === 0
      ? [range]
      : [
          { from: 0, to: 0 },
          { from: 1, to: range.to },
        ];
  return split(match.ports).flatMap((ports) =>
    split(match.localPorts).map((localPorts) => ({ ...match, ...(ports && { ports }), ...(localPorts && { localPorts }) })),
  );
}

/** Neighbour discovery of IPv6, without which nothing else arrives: from router solicitations (133) to redirects (137). ARP is no IP, and no rule's. */
export function neighbourDiscovery(dialect: Dialect): readonly Criterion[] {
  const types = [133, 134, 135, 136, 137];
  return types.map((type) =>
    dialect === "flower"
      ? { protocol: "ipv6", classifier: "flower", keys: { ip_proto: "icmpv6", icmp_type: `${type}` } }
      : { protocol: "ipv6", classifier: "u32", keys: rawKeys([NEXT_HEADER(58), { offset: 40, value: type * 2 ** 24, mask: 0xff000000 }]) },
  );
}

function flowerCriterion({ family, cidr, protocol, ports, localPorts }: Match, hook: Direction): Criterion {
  const [far, near] = hook === "egress" ? ["dst", "src"] : ["src", "dst"];
  const [address, bits] = cidr.split("/");
  const isHost = Number(bits) === (family === 4 ? 32 : 128);
  return {
    protocol: family === 4 ? "ip" : "ipv6",
    classifier: "flower",
    keys: {
      ...(protocol === undefined ? {} : { ip_proto: protocol === "icmp" && family === 6 ? "icmpv6" : protocol }),
      ...(Number(bits) === 0 ? {} : { [`${far}_ip`]: isHost ? `${address}` : cidr }),
      ...portKey(`${far}_port`, ports),
      ...portKey(`${near}_port`, localPorts),
    },
  };
}

/** As tc takes it for flower. */
export const PORT_ZERO = "0/0xffff";

function portKey(name: string, range: PortRange | undefined): Filter["keys"] {
  if (range === undefined || isEveryPort(range)) return {};
  // Nor does it take port 0, but with a mask.
  if (range.to === 0) return { [name]: PORT_ZERO };
  return { [name]: range.from === range.to ? `${range.from}` : `${range.from}-${range.to}` };
}

/** A masked 32-bit word of the packet, at an offset from its network header. */
interface Word {
  readonly offset: number;
  readonly value: number;
  readonly mask: number;
}

const PROTOCOL_NUMBERS: Readonly<Record<Protocol, readonly [number, number]>> = {
  tcp: [6, 6],
  udp: [17, 17],
  sctp: [132, 132],
  icmp: [1, 58],
};

const NEXT_HEADER = (number: number): Word => ({ offset: 4, value: number * 2 ** 8, mask: 0xff00 });
const PROTOCOL = (number: number): Word => ({ offset: 8, value: number * 2 ** 16, mask: 0xff0000 });

function rawCriteria({ family, cidr, protocol, ports, localPorts }: Match, hook: Direction): readonly Criterion[] {
  const isDestination = hook === "egress";
  const addressOffset = family === 4 ? (isDestination ? 16 : 12) : isDestination ? 24 : 8;
  const words = addressWords(cidr, addressOffset);
  if (protocol !== undefined) {
    const [number4, number6] = PROTOCOL_NUMBERS[protocol];
    words.push(family === 4 ? PROTOCOL(number4) : NEXT_HEADER(number6));
  }
  const far = prefixesOf(ports);
  const near = prefixesOf(localPorts);
  const [source, destination] = isDestination ? [near, far] : [far, near];
  const offset = family === 4 ? 20 : 40;
  return source.flatMap((from) =>
    destination.map((to) => {
      const port = { offset, value: from.value * 2 ** 16 + to.value, mask: from.mask * 2 ** 16 + to.mask };
      const keys = rawKeys(port.mask === 0 ? words : [...words, port]);
      return { protocol: family === 4 ? "ip" : "ipv6", classifier: "u32", keys } as const;
    }),
  );
}

function prefixesOf(range: PortRange | undefined): readonly PortPrefix[] {
  return range === undefined || isEveryPort(range) ? [{ value: 0, mask: 0 }] : portPrefixes(range);
}

function rawKeys(words: readonly Word[]): Filter["keys"] {
  const hex = (number: number) => (number >>> 0).toString(16);
  const given = words.length === 0 ? [{ offset: 0, value: 0, mask: 0 }] : words;
  const sorted = [...given].sort((a, b) => a.offset - b.offset);
  return Object.fromEntries(sorted.map(({ offset, value, mask }) => [`at ${offset}`, `${hex(value)}/${hex(mask)}`]));
}

function addressWords(cidr: string, offset: number): Word[] {
  const [address = "", bits = "0"] = cidr.split("/");
  const bytes = isIPv4(address) ? address.split(".").map(Number) : bytesOf6(address);
  const words: Word[] = [];
  for (let at = 0; at * 8 < Number(bits); at += 4) {
    const known = Math.min(32, Number(bits) - at * 8);
    const mask = known === 32 ? 0xffffffff : 2 ** 32 - 2 ** (32 - known);
    const value = bytes.slice(at, at + 4).reduce((word, byte) => word * 256 + byte, 0);
    words.push({ offset: offset + at, value, mask });
  }
  return words;
}

function bytesOf6(address: string): readonly number[] {
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined) =>
    text === undefined || text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const first = groups(head);
  const last = groups(tail);
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}
