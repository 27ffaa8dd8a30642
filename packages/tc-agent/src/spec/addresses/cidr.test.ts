import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockOfAddress, contains, formatCidr, overlaps, parseCidr, readCidr } from "./cidr.ts";

describe("parseCidr", () => {
  it.each([
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["10.1.2.3", "10.1.2.3/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["::/0", "::/0"],
    ["::1", "::1/128"],
    ["2001:DB8:0:0::/32", "2001:db8::/32"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128"],
    ["2001:0db8:0000:0001:0001:0001:0001:0001", "2001:db8:0:1:1:1:1:1/128"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3/128"],
    ["10:0:0:1:10:0:0:1", "10::1:10:0:0:1/128"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221/128"],
    ["fe80::/10", "fe80::/10"],
  ])("writes %s as %s", (text, canonical) => {
    expect(formatCidr(readCidr(text))).toBe(canonical);
  });

  it.each([
    ["10.1.0.0/8", "has host bits set beyond /8", "write the network 10.0.0.0/8, or the address 10.1.0.0"],
    ["2001:db8::1/64", "has host bits set beyond /64", "write the network 2001:db8::/64, or the address 2001:db8::1"],
    ["10.0.0.0/33", "has a prefix longer than /32", "write at most 10.0.0.0/32"],
    ["::/129", "has a prefix longer than /128", "write at most ::/128"],
    ["::ffff:10.0.0.1", "is IPv4 written as IPv6, which no packet carries", "write 10.0.0.1"],
    ["::ffff:a00:0/104", "is IPv4 written as IPv6, which no packet carries", "write 10.0.0.0/8"],
    ["fe80::1%eth0", "names a zone, which packets do not carry", "write fe80::1"],
  ])("refuses %s", (text, message, fix) => {
    expect(parseCidr(text)).toEqual({ message, fix });
  });

  it.each([
    "",
    "/8",
    "10.0.0.0/",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.0",
    "10.0.0.0/8/8",
    "10.0.0.0/+8",
    "1::2::3",
    "example.com",
    " 10.0.0.1",
  ])("refuses %j as no address at all", (text) => {
    expect(parseCidr(text)).toMatchObject({ message: "must be an address or a block of addresses" });
  });
});

it("takes an IPv4 address that a name server mapped into IPv6 for what it is", () => {
  expect(blockOfAddress("::ffff:10.0.0.1")).toEqual(readCidr("10.0.0.1"));
  expect(blockOfAddress("nonsense")).toBeUndefined();
});

const address = fc.oneof(
  fc.ipV4().map((text) => [text, "ipv4"] as const),
  fc.ipV6().map((text) => [text, "ipv6"] as const),
);

describe("for every address", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(address, ([text]) => {
        const block = blockOfAddress(text);
        expect(block && readCidr(formatCidr(block))).toEqual(block);
      }),
    );
  });

  it("agrees with Node about what a block holds", () => {
    fc.assert(
      fc.property(address, address, fc.nat(128), ([base, family], [other, otherFamily], bits) => {
        const prefix = family === "ipv4" ? bits % 33 : bits;
        const parsed = parseCidr(`${base}/${prefix}`);
        // The refusal of host bits names the network.
        const network = "fix" in parsed ? parseCidr(/network (\S+),/.exec(parsed.fix)?.[1] ?? "") : parsed;
        const inner = blockOfAddress(other);
        fc.pre(!("fix" in network) && inner !== undefined && inner.family === (otherFamily === "ipv4" ? 4 : 6));
        if ("fix" in network || inner === undefined) return;
        const list = new BlockList();
        list.addSubnet(base, prefix, family);
        const isListed = family === otherFamily && list.check(other, otherFamily);
        expect([contains(network, inner), overlaps(inner, network)]).toEqual([isListed, isListed]);
      }),
    );
  });
});
