import { type Fault, isFault } from "../fault.ts";
import { type Address, type Family, formatAddress, parseAddress, unmapIPv4 } from "./address.ts";

/** A block of addresses, as the numbers that its first and last address are. */
export interface Block {
  readonly family: Family;
  readonly prefix: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** Every address of a family. */
export const EVERYBODY = { 4: "0.0.0.0/0", 6: "::/0" } as const;

const BITS = { 4: 32, 6: 128 } as const;
const CIDR = /^(?<text>[^/]+)(?:\/(?<length>\d{1,3}))?$/;
const EXAMPLE = "write an address such as 10.1.2.3 or 2001:db8::1, or a block such as 10.0.0.0/8";

/**
 * Reads a block of addresses, or a single address as the block that holds it alone.
 *
 * @example
 * ```ts
 * parseCidr("10.0.0.0/8"); // { family: 4, prefix: 8, first: 167772160n, last: 184549375n }
 * parseCidr("10.1.0.0/8"); // { message: "has host bits set beyond /8", fix: "write the network 10.0.0.0/8, or the address 10.1.0.0" }
 * ```
 */
export function parseCidr(cidr: string): Block | Fault {
  const { text = "", length } = CIDR.exec(cidr)?.groups ?? {};
  if (text.includes("%")) return { message: "names a zone, which packets do not carry", fix: `write ${cidr.replace(/%[^/]*/, "")}` };
  const address = parseAddress(text);
  if (address === undefined) return { message: "must be an address or a block of addresses", fix: EXAMPLE };
  const bits = BITS[address.family];
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return { message: `has a prefix longer than /${bits}`, fix: `write at most ${text}/${bits}` };
  const mapped = unmapIPv4(address);
  if (mapped !== undefined) return { message: "is IPv4 written as IPv6, which no packet carries", fix: `write ${ofIPv4(mapped, prefix)}` };
  const block = blockOf(address, prefix);
  if (block.first === address.number) return block;
  return { message: `has host bits set beyond /${prefix}`, fix: `write the network ${formatCidr(block)}, or the address ${text}` };
}

/** {@link parseCidr} of what is known to be a block, such as a `Match`'s. */
export function readCidr(cidr: string): Block {
  const block = parseCidr(cidr);
  if (isFault(block)) throw new TypeError(`${cidr} ${block.message}; ${block.fix}`);
  return block;
}

/** The one way in which a block is written: always with its prefix, as in `10.0.0.1/32`. */
export function formatCidr({ family, first, prefix }: Block): string {
  return `${formatAddress({ family, number: first })}/${prefix}`;
}

/** The block of the one address that a name server told. A mapped IPv4 address is IPv4, as the packets to it are. */
export function blockOfAddress(text: string): Block | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const unmapped = unmapIPv4(address) ?? address;
  return blockOf(unmapped, BITS[unmapped.family]);
}

/** Does the block hold all of the other one? */
export function contains(outer: Block, inner: Block): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Have the blocks an address in common? */
export function overlaps(one: Block, other: Block): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

function blockOf({ family, number }: Address, prefix: number): Block {
  const hostBits = (1n << BigInt(BITS[family] - prefix)) - 1n;
  const first = number & ~hostBits;
  return { family, prefix, first, last: first | hostBits };
}

function ofIPv4(address: Address, prefix: number): string {
  return prefix < 96 || prefix === 128 ? formatAddress(address) : formatCidr(blockOf(address, prefix - 96));
}
