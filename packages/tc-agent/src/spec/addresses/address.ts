import { isIPv4, isIPv6 } from "node:net";

export type Family = 4 | 6;

/** An address as the number that it is on the wire. */
export interface Address {
  readonly family: Family;
  readonly number: bigint;
}

/** Reads an address strictly: no leading zeros, and no zones, which packets do not carry. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, number: parseIPv4(text) };
  return isIPv6(text) && !text.includes("%") ? { family: 6, number: parseIPv6(text) } : undefined;
}

/** The IPv4 address that an IPv6 address maps (RFC 4291, section 2.5.5.2). */
export function unmapIPv4({ family, number }: Address): Address | undefined {
  return family === 6 && number >> 32n === 0xffffn ? { family: 4, number: number & 0xffff_ffffn } : undefined;
}

/** Writes an address in its one canonical way; IPv6 as RFC 5952, section 4, says. */
export function formatAddress({ family, number }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(112 - 16 * index)) & 0xffffn).toString(16)).join(":");
  const zeros = Array.from(groups.matchAll(/\b0(?::0)+\b/g), ([run]) => run);
  const longest = zeros.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest === "" ? groups : groups.replace(new RegExp(`(?:^|:)${longest}(?::|$)`), "::");
}

function parseIPv4(text: string): bigint {
  return text.split(".").reduce((number, part) => (number << 8n) | BigInt(part), 0n);
}

function parseIPv6(text: string): bigint {
  const [head = [], tail = []] = text.split("::").map(parseGroups);
  const groups = [...head, ...Array<bigint>(8 - head.length - tail.length).fill(0n), ...tail];
  return groups.reduce((number, group) => (number << 16n) | group, 0n);
}

/** Groups of 16 bits; the last 32 bits may be written as an IPv4 address. */
function parseGroups(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const embedded = parseIPv4(group);
    return [embedded >> 16n, embedded & 0xffffn];
  });
}
