import { expect, it } from "vitest";
import { observe } from "./leaf-probe.ts";

it("pairs what went into a leaf with what came out of it, by number", () => {
  const seen = `1795405093.100000 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 1, length 64
1795405093.105000 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 2, length 64
1795405093.140250 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 1, length 64
1795405093.155000 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 3, length 64
1795405093.155500 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 3, length 64
1795405093.156000 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 3, length 64
`;
  const { sent, delaysMs } = observe(seen);
  expect(sent).toBe(3);
  expect(delaysMs.map((delay) => Math.round(delay * 100) / 100)).toEqual([40.25, 0.5]);
});

it("sees nothing where nothing was seen", () => {
  expect(observe("")).toEqual({ sent: 0, delaysMs: [] });
});
