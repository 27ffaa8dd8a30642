import { parseAddress } from "../../spec/addresses/address.ts";
import { readCidr } from "../../spec/addresses/cidr.ts";
import type { Packet } from "../../spec/rules/packet.ts";
import type { Filter } from "../tree.ts";

/** What a kernel sees of a packet. */
export interface SeenPacket extends Packet {
  readonly mark?: number;
  /** What its connection has for it, for who restores marks. */
  readonly connectionMark?: number;
  readonly isLeaseOver?: boolean;
  /** Of ICMP. */
  readonly icmpType?: number;
}

/** A leaf's name, `drop`, or `pass`, also where no filter says anything. */
export type Fate = string;

const NUMBERS = { tcp: 6, udp: 17, sctp: 132, icmp: 1, other: 47 } as const;

/** What becomes of a packet in filters, as `tcf_classify` in net/sched/cls_api.c has it. */
export function fateOf(packet: SeenPacket, filters: readonly Filter[]): Fate {
  const own = filters.filter(({ hook }) => hook === packet.direction).toSorted((a, b) => a.preference - b.preference);
  let mark = packet.mark ?? 0;
  let chain = 0;
  for (let at = 0; at < own.length; at += 1) {
    const filter = own[at];
    if (filter?.chain !== chain || !matches({ ...packet, mark }, filter)) continue;
    const { action } = filter;
    if (action.kind === "redirect") return action.to;
    if (action.kind === "pass" || action.kind === "drop") return action.kind;
    if (action.kind === "restore-mark") mark = packet.connectionMark ?? 0;
    if (action.kind === "goto") {
      chain = action.chain;
      at = -1;
    }
  }
  return "pass";
}

function matches(packet: SeenPacket, { protocol, classifier, keys }: Filter): boolean {
  if (protocol !== "all" && (protocol === "ip") !== (packet.family === 4)) return false;
  const entries = Object.entries(keys);
  switch (classifier) {
    case "matchall":
      return true;
    case "basic":
      return packet.isLeaseOver === true;
    case "fw":
      return entries.every(([, value]) => isMasked(packet.mark ?? 0, value));
    case "u32":
      return entries.every(([at, word]) => isMaskedHex(wordAt(headerOf(packet), Number(at.slice("at ".length))), word));
    case "flower":
      return entries.every(([name, value]) => hasKey(packet, name, value));
  }
}

function hasKey(packet: SeenPacket, name: string, value: string): boolean {
  const isOutgoing = packet.direction === "egress";
  switch (name) {
    case "ip_proto":
      return value === (packet.protocol === "icmp" && packet.family === 6 ? "icmpv6" : packet.protocol);
    case "icmp_type":
      return `${packet.icmpType}` === value;
    case isOutgoing ? "dst_ip" : "src_ip": {
      const { first, last } = readCidr(value);
      const number = parseAddress(packet.address)?.number ?? -1n;
      return first <= number && number <= last;
    }
    case isOutgoing ? "dst_port" : "src_port":
      return isPort(packet.port, value);
    case isOutgoing ? "src_port" : "dst_port":
      return isPort(packet.localPort, value);
    default:
      throw new Error(`no key of ours: ${name}`);
  }
}

function isPort(port: number | undefined, value: string): boolean {
  if (port === undefined) return false;
  if (value.includes("/")) return isMasked(port, value);
  const [from, to = from] = value.split("-").map(Number);
  if (from === undefined || to === undefined || from === 0 || from > to) throw new Error(`tc refuses the port ${value}`);
  return from <= port && port <= to;
}

function isMasked(number: number, text: string): boolean {
  const [value = 0, mask = 0] = text.split("/").map(Number);
  return ((number ^ value) & mask) === 0;
}

function isMaskedHex(number: number, text: string): boolean {
  return isMasked(
    number,
    text
      .split("/")
      .map((part) => `0x${part}`)
      .join("/"),
  );
}

function wordAt(header: readonly number[], offset: number): number {
  return [0, 1, 2, 3].reduce((word, byte) => word * 256 + (header[offset + byte] ?? 0), 0);
}

/** The bytes from its network header on, without options; what no filter looks at is zero. */
function headerOf({ family, address, protocol, port = 0, localPort = 0, direction, icmpType }: SeenPacket): readonly number[] {
  const bytes = bytesOf(address, family);
  const near = bytes.map(() => 1);
  const [source, destination] = direction === "egress" ? [near, bytes] : [bytes, near];
  const [from, to] = direction === "egress" ? [localPort, port] : [port, localPort];
  const number = protocol === "icmp" && family === 6 ? 58 : NUMBERS[protocol];
  const ports = icmpType === undefined ? [from >> 8, from & 255, to >> 8, to & 255] : [icmpType, 0, 0, 0];
  const fixed = family === 4 ? [0x45, 0, 0, 0, 0, 0, 0, 0, 64, number, 0, 0] : [0x60, 0, 0, 0, 0, 0, number, 64];
  return [...fixed, ...source, ...destination, ...ports];
}

function bytesOf(address: string, family: 4 | 6): readonly number[] {
  const number = parseAddress(address)?.number ?? 0n;
  const count = family === 4 ? 4 : 16;
  return Array.from({ length: count }, (_, index) => Number((number >> BigInt(8 * (count - 1 - index))) & 0xffn));
}
