import { describe, expect, test } from "vitest";
import { parseTcpReport, parseUdpReport } from "./iperf-report.ts";

const receiver = (udp?: object) =>
  JSON.stringify({ end: { streams: [{ udp }], sum_sent: { bits_per_second: 0 }, sum_received: { bits_per_second: 963_181.8 } } });
const sender = JSON.stringify({ end: { streams: [{}], sum_sent: { retransmits: 19 }, sum_received: { bits_per_second: 1 } } });
const refused = JSON.stringify({ end: {}, error: "unable to connect to server: Connection refused" });

describe("a report of iperf3", () => {
  test("about TCP: the receiver's rate, the sender's retransmits", () => {
    expect(parseTcpReport(receiver(), sender)).toEqual({ bitsPerSecond: 963_181.8, retransmits: 19 });
  });

  test("about UDP: what was lost and out of order", () => {
    const udp = { packets: 125, lost_packets: 2, out_of_order: 6, jitter_ms: 3.84 };
    expect(parseUdpReport(receiver(udp))).toEqual({ bitsPerSecond: 963_181.8, total: 125, lost: 2, outOfOrder: 6, jitterMs: 3.84 });
  });

  test("about an error", () => {
    expect(() => parseTcpReport(receiver(), refused)).toThrow("iperf3: unable to connect to server: Connection refused");
    expect(() => parseUdpReport(refused)).toThrow("iperf3: unable to connect to server: Connection refused");
  });

  test("without a measurement", () => {
    expect(() => parseUdpReport(JSON.stringify({ end: {} }))).toThrow("iperf3 has measured nothing");
    expect(() => parseTcpReport(receiver(), receiver())).toThrow("iperf3 has measured nothing");
  });
});
