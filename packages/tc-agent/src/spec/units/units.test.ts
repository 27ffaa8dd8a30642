import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timesExactly } from "./decimal.ts";
import { parseDuration } from "./duration.ts";
import { parsePercentage } from "./percentage.ts";
import { parsePortRange } from "./port-range.ts";
import { parseRate } from "./rate.ts";

describe("a duration, in microseconds", () => {
  it.each([
    ["120ms", 120_000],
    ["0.5ms", 500],
    [".5ms", 500],
    ["1.000ms", 1000],
    ["7us", 7],
    ["2s", 2_000_000],
    ["0.0000010s", 1],
    ["0ms", 0],
    ["4294.967295s", 4_294_967_295],
  ])("%s", (text, microseconds) => {
    expect(parseDuration(text)).toBe(microseconds);
  });

  it.each([
    ["120", "has no unit", "write 120ms or 120us or 120s"],
    ["-5ms", "must not be negative", "write 5ms"],
    ["-5", "must not be negative", "write 5ms"],
    ["120sec", "has the unknown unit 'sec'", "use one of ms, us, s"],
    ["120MS", "has the unknown unit 'MS'", "write 120ms"],
    ["fast", "must be a duration such as 120ms", "write a number and a unit: ms, us, s"],
    ["1e3ms", "must be a duration such as 120ms", "write a number and a unit: ms, us, s"],
    ["120 ms", "must be a duration such as 120ms", "write a number and a unit: ms, us, s"],
    ["5ms; qdisc del", "must be a duration such as 120ms", "write a number and a unit: ms, us, s"],
    ["0.5us", "is finer than a microsecond", "write a whole number of microseconds"],
    ["4294.967296s", "is longer than netem can tell", "write at most 4294s"],
  ])("not %s", (text, message, fix) => {
    expect(parseDuration(text)).toEqual({ message, fix });
  });
});

describe("a percentage, as a fraction", () => {
  it.each([
    ["0%", 0],
    ["0.1%", 0.001],
    ["1%", 0.01],
    ["100%", 1],
    ["0.00000003%", 3e-10],
  ])("%s", (text, fraction) => {
    expect(parsePercentage(text)).toBeCloseTo(fraction, 15);
  });

  it.each([
    ["200%", "is more than everything", "write at most 100%"],
    ["100.01%", "is more than everything", "write at most 100%"],
    ["1", "has no unit", "write 1%"],
    ["-1%", "must not be negative", "write 1%"],
    ["0.00000001%", "is less than netem can tell", "write at least 0.00000003%, or 0%"],
  ])("not %s", (text, message, fix) => {
    expect(parsePercentage(text)).toEqual({ message, fix });
  });
});

describe("a rate, in bits a second", () => {
  it.each([
    ["2mbit", 2_000_000],
    ["2.4kbit", 2_400],
    ["2000bit", 2_000],
    ["1000gbit", 1e12],
  ])("%s", (text, bits) => {
    expect(parseRate(text)).toBe(bits);
  });

  it.each([
    ["2mbps", "could be bits or bytes: tc reads 'bps' as bytes a second", "write 2mbit if bits are meant, 16mbit if bytes"],
    ["800bps", "could be bits or bytes: tc reads 'bps' as bytes a second", "write 800bit if bits are meant, 6400bit if bytes"],
    ["2Mbit", "has the unknown unit 'Mbit'", "write 2mbit"],
    ["2mibit", "has the unknown unit 'mibit'", "use one of mbit, kbit, bit, gbit"],
    ["2", "has no unit", "write 2mbit or 2kbit or 2bit or 2gbit"],
    ["0kbit", "lets nothing through", "write 'partition: true' instead"],
    ["1992bit", "is slower than the kernel's token bucket can be for large packets", "write at least 2kbit"],
    ["12bit", "is no whole number of bytes a second", "write a multiple of 8bit"],
    ["0.0001kbit", "is no whole number of bytes a second", "write a multiple of 8bit"],
    ["1001gbit", "is more than any link carries", "write at most 1000gbit, or leave it out"],
  ])("not %s", (text, message, fix) => {
    expect(parseRate(text)).toEqual({ message, fix });
  });
});

describe("a port range", () => {
  it.each([
    ["443", 443, 443],
    ["8000-8010", 8000, 8010],
    ["1-65535", 1, 65_535],
  ])("%s", (text, from, to) => {
    expect(parsePortRange(text)).toEqual({ from, to });
  });

  it.each([
    ["8010-8000", "runs backwards", "write 8000-8010"],
    ["0", "is out of range", "ports are from 1 to 65535"],
    ["65536", "is out of range", "ports are from 1 to 65535"],
    ["80,443", "must be a port such as 443, or a range such as 8000-8010", "write each port or range as an entry of its own"],
    ["-1", "must be a port such as 443, or a range such as 8000-8010", "write each port or range as an entry of its own"],
    ["http", "must be a port such as 443, or a range such as 8000-8010", "write each port or range as an entry of its own"],
  ])("not %s", (text, message, fix) => {
    expect(parsePortRange(text)).toEqual({ message, fix });
  });
});

it("decimals are multiplied exactly, where floating point is not", () => {
  expect(timesExactly("0.000001", 1_000_000n)).toBe(1n);
  expect(timesExactly("4.35", 100n)).toBe(435n);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (microseconds) => {
      const text = microseconds.toString().padStart(7, "0");
      expect(timesExactly(`${text.slice(0, -6)}.${text.slice(-6)}`, 1_000_000n)).toBe(microseconds);
    }),
  );
});
