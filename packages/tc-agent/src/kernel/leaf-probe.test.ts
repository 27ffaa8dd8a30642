import { expect, it } from "vitest";
import { compare } from "./leaf-probe.ts";

const request = (time: string, sequence: number) =>
  `${time} IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq ${sequence}, length 64\n`;

it("pairs what went into a leaf with what came out of it, by number", () => {
  const entered = request("1795405093.100000", 1) + request("1795405093.105000", 2) + request("1795405093.110000", 3);
  const left = request("1795405093.110500", 3) + request("1795405093.111000", 3) + request("1795405093.140250", 1);
  const { sent, delaysMs } = compare(entered, left);
  expect(sent).toBe(3);
  expect(delaysMs.map((delay) => Math.round(delay * 100) / 100)).toEqual([40.25, 0.5]);
});

it("sees nothing where nothing was seen", () => {
  expect(compare("", "")).toEqual({ sent: 0, delaysMs: [] });
});
