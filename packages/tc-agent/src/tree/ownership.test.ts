import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineOf, tc } from "./commands.ts";
import { addressOf, aliasOf, leafFingerprint, leafNumber, leaseSets, nextLeafName } from "./ownership.ts";

const deviceName = fc.oneof(
  fc.constantFrom("eth0", "eth1", "net1", "lo", 'a:"', "x\\", "ü"),
  fc.string({ minLength: 1, maxLength: 15, unit: "grapheme" }).filter((name) => !/[/\s]/u.test(name)),
);
const fingerprint = fc.stringMatching(/^[0-9a-f]{16}$/);

describe("a leaf", () => {
  it("is known by the device that it was made for, whatever its name, and by no other", () => {
    fc.assert(
      fc.property(deviceName, deviceName, fingerprint, (device, other, made) => {
        const whole = { ifname: "pgl0", ifalias: aliasOf(device, made), address: addressOf(device) };
        const half = { ifname: "pgl0", address: addressOf(device) };
        expect(leafFingerprint(whole, device)).toBe(made);
        expect(leafFingerprint(half, device)).toBe("");
        if (other === device) return;
        expect(leafFingerprint(whole, other)).toBeUndefined();
        expect(leafFingerprint(half, other)).toBeUndefined();
      }),
    );
  });

  it("is told in words that tools read", () => {
    fc.assert(
      fc.property(deviceName, fingerprint, (device, made) => {
        const words = [aliasOf(device, made), addressOf(device)];
        expect(lineOf({ tool: "ip", words })).toBe(words.join(" "));
        expect(addressOf(device)).toMatch(/^02(:[0-9a-f]{2}){5}$/);
      }),
    );
  });

  it.each([
    ["an ifb of its name alone", { ifname: "pgl7" }],
    ["one that somebody has given another alias", { ifname: "pgl7", ifalias: "mine", address: addressOf("eth0") }],
    ["one of another name", { ifname: "ifb0", ifalias: aliasOf("eth0", "0123456789abcdef"), address: addressOf("eth0") }],
    ["one whose alias names no device", { ifname: "pgl7", ifalias: "puggle:1:0123456789abcdef" }],
  ])("is not %s", (_what, shown) => {
    expect(leafFingerprint(shown, "eth0")).toBeUndefined();
  });
});

it("names are given from a number on, around those that are taken, and from the first after the last", () => {
  expect(nextLeafName(new Set(["pgl0", "pgl2"]))).toBe("pgl1");
  expect(nextLeafName(new Set(["pgl0", "pgl2"]), 2)).toBe("pgl3");
  expect(nextLeafName(new Set(["pgl0", "pgl999999999"]), 999_999_999)).toBe("pgl1");
  expect(["pgl12", "pgl", "eth0", "pgl1234567890"].map(leafNumber)).toEqual([12, undefined, undefined, undefined]);
});

it("names the sets of each device's lease by words that filters take without quotes, of 31 characters at most", () => {
  const devices = ["eth0", "eth0.5", "eth0@if7", "a-device-of-15c", "ünïcödé(1)"];
  const names = devices.flatMap((device) => Object.values(leaseSets(device)));
  expect(new Set(names).size).toBe(2 * devices.length);
  for (const name of names) expect(lineOf(tc("match", `not ipset(${name} src)`))).toBe(`match "not ipset(${name} src)"`);
  expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(31);
  expect(leaseSets("eth0")).toEqual({ 4: "puggle-lease-eth0-4", 6: "puggle-lease-eth0-6" });
});
