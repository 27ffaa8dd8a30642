import { describe, expect, test } from "vitest";
import { parsePing } from "./ping.ts";

const DUPLICATED = `PING fd00:9::1(fd00:9::1) 56 data bytes
64 bytes from fd00:9::1: icmp_seq=1 ttl=64 time=120 ms
64 bytes from fd00:9::1: icmp_seq=1 ttl=64 time=120 ms (DUP!)
64 bytes from fd00:9::1: icmp_seq=3 ttl=64 time=0.052 ms

--- fd00:9::1 ping statistics ---
3 packets transmitted, 2 received, +1 duplicates, 33.3333% packet loss, time 106ms
rtt min/avg/max/mdev = 0.052/60.026/120.162/0.003 ms, pipe 2
`;

const UNANSWERED = `PING 10.9.0.77 (10.9.0.77) 56(84) bytes of data.
From 10.9.0.2 icmp_seq=1 Destination Host Unreachable

--- 10.9.0.77 ping statistics ---
2 packets transmitted, 0 received, +1 errors, 100% packet loss, time 1030ms
`;

describe("the output of ping", () => {
  test("with a packet that was lost and one that came twice", () => {
    const result = { sent: 3, received: 2, lost: 1, duplicates: 1, duplicated: [1], roundTripsMs: [120, 0.052], sequence: [1, 3] };
    expect(parsePing(DUPLICATED)).toEqual(result);
  });

  test("without an answer", () => {
    expect(parsePing(UNANSWERED)).toEqual({ sent: 2, received: 0, lost: 2, duplicates: 0, duplicated: [], roundTripsMs: [], sequence: [] });
  });

  test("that says why nothing could be sent", () => {
    expect(() => parsePing("", "ping: connect: Network is unreachable")).toThrow("Network is unreachable");
  });
});
