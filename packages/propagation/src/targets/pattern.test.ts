import { isIPv4 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PropagationError } from "../errors.ts";
import { canonicalHost, hostOfAuthority, hostOfUrl } from "./host.ts";
import { compileTargets, defaultTargets } from "./pattern.ts";

function covers(patterns: readonly string[], text: string): boolean {
  const host = canonicalHost(text);
  return host !== undefined && compileTargets(patterns)(host);
}

describe("the default targets", () => {
  test.each([
    "orders",
    "ORDERS",
    "orders.shop.svc",
    "orders.shop.svc.cluster.local",
    "orders.shop.svc.cluster.local.",
    "db.corp.internal",
    "app.localhost",
    "svc",
    "localhost",
    "127.0.0.1",
    "127.8.9.10",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "::1",
    "[::1]",
    "fd00::1",
    "::ffff:10.0.0.1",
    // 10.0.0.1 in disguise.
    "0x0a000001",
  ])("cover %s", (host) => {
    expect(covers(defaultTargets, host)).toBe(true);
  });

  test.each([
    "example.com",
    "api.github.com",
    "svc.example.com",
    "cluster.local.example.com",
    "orders.svc.example.com",
    "8.8.8.8",
    "172.32.0.1",
    "192.169.0.1",
    "100.64.0.1",
    "2001:db8::1",
    "::ffff:8.8.8.8",
    // 8.8.8.8 in disguise: it has no dot, and yet it is no name of a single label.
    "134744072",
    "0x08080808",
    "8.8.2056",
    "",
    "orders/..",
    "user@orders",
    "or ders",
  ])("do not cover %s", (host) => {
    expect(covers(defaultTargets, host)).toBe(false);
  });
});

describe("a pattern", () => {
  test.each([
    ["api.example.com", "api.example.com", true],
    ["API.Example.com", "api.example.com", true],
    ["api.example.com", "api.example.com.", true],
    ["api.example.com", "evil-api.example.com", false],
    ["api.example.com", "api.example.com.evil.org", false],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", "badexample.com", false],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.30", false],
    ["127.0.0.1", "127.0.0.2", false],
    ["[::1]", "::1", true],
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["0.0.0.0/0", "8.8.8.8", true],
    ["fc00::/7", "fdff::1", true],
    ["fc00::/7", "fe00::1", false],
    ["<local>", "orders", true],
    ["<local>", "orders.svc", false],
    ["<default>", "orders.svc", true],
    ["my_service", "my_service", true],
  ])("%s against %s: %s", (pattern, host, wanted) => {
    expect(covers([pattern], host)).toBe(wanted);
  });

  test.each([
    "",
    " ",
    "*",
    "*.",
    "a.*",
    "**.svc",
    "*.10.0.0.1",
    "*.1",
    "*.0x7f000001",
    "*.[::1]",
    "*.::1",
    "http://orders",
    "orders:8080",
    "[::1]:80",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0/8",
    "::/129",
    "10.0.0.0/8/8",
    "<all>",
    "a b",
    "a@b",
  ])("%j is refused, by name", (pattern) => {
    const error = catchError(() => compileTargets([pattern]));
    expect(error).toBeInstanceOf(PropagationError);
    expect(error).toMatchObject({ code: "PUGGLE_INVALID_TARGET", message: expect.stringContaining(`"${pattern}"`) });
  });
});

test("a host is found in an authority and in a URL, whatever stands around it", () => {
  expect(hostOfAuthority("orders:8080")).toBe("orders");
  expect(hostOfAuthority("[::1]:80")).toBe("::1");
  expect(hostOfAuthority("::1")).toBe("::1");
  expect(hostOfAuthority("user:secret@orders:80")).toBe("orders");
  expect(hostOfUrl("http://orders:8080/a?b=http://evil")).toBe("orders");
  expect(hostOfUrl("http://orders@evil.com/")).toBe("evil.com");
  expect(hostOfUrl("http://[fd00::1]:80")).toBe("fd00::1");
  expect(hostOfUrl("/path")).toBeUndefined();
});

test("no spelling of a public IPv4 address is covered, and every spelling of a private one is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 3 }), (number, spelling) => {
      const bytes = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
      const dotted = bytes.join(".");
      const spelled = [dotted, String(number), `0x${number.toString(16)}`, `${bytes[0]}.${number & 0xffffff}`][spelling] ?? dotted;
      expect(isIPv4(dotted)).toBe(true);
      expect(covers(["10.0.0.0/8", "<local>"], spelled)).toBe(bytes[0] === 10);
    }),
  );
});

function catchError(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
