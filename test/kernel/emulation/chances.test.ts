import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { measureUdp } from "../measuring/iperf.ts";
import type { PingResult } from "../measuring/ping.ts";
import { binomialInterval, burstInterval, type Interval } from "../statistics/binomial.ts";
import { lostRuns, meanOf } from "../statistics/lost-runs.ts";
import { type BothWays, type Measured, openBothWays } from "./both-ways.ts";

const parts = inject("kernelParts");

/** What is left out of 99 % intervals at each try is not seen so many times in a row but once in 10^8 cases. */
const TRIES = 4;
const MANY = { count: 500, intervalMs: 5, waitMs: 500 };

describe.skipIf(parts === undefined)("chances of puggle net", { timeout: 120_000 }, () => {
  let kernel: Kernel;
  let both: BothWays;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    both = await openBothWays(kernel);
  });

  afterAll(() => kernel?.stop());

  /** Pings all ways, and those again whose count is outside. */
  async function expectCounts(what: string, expected: Interval, count: (result: PingResult) => number): Promise<readonly Measured[]> {
    const first = await both.pingAll(MANY);
    let outside = first;
    for (let attempt = 1; ; attempt += 1) {
      const counts = outside.map(({ way, seen }) => ({ way: way.label, count: count(seen), sent: seen.sent }));
      console.log(`${what}: ${expected.low.toFixed(1)} to ${expected.high.toFixed(1)} are meant, ${JSON.stringify(counts)}`);
      outside = outside.filter((_, at) => {
        const { count: seen = 0 } = counts[at] ?? {};
        return seen < expected.low || seen > expected.high;
      });
      if (outside.length === 0) return first;
      const labels = outside.map(({ way }) => way.label);
      expect(attempt, `${what}: ${labels} outside ${JSON.stringify(expected)}`).toBeLessThan(TRIES);
      outside = (await both.pingAll(MANY)).filter(({ way }) => labels.includes(way.label));
    }
  }

  const lost = (result: PingResult) => result.lost;

  test.for([0.03, 0.3])("lose %f of packets, each by itself", async (probability) => {
    await both.emulate({ loss: `${probability * 100}%` });
    const results = await expectCounts("lost", binomialInterval(MANY.count, probability), lost);
    if (probability < 0.3) return;
    // A burst goes on with the chance of a loss: 1 / (1 - 0.3) packets. Of some 105 bursts the mean is 2 once in 10^8 cases.
    for (const { seen } of results) expect(meanOf(lostRuns(seen.sent, seen.sequence))).toBeLessThan(2);
  });

  test.for([
    { model: "gemodel", loss: { gemodel: { p: "5%", r: "20%" } }, chain: { p: 0.05, r: 0.2 } },
    { model: "state", loss: { state: { p13: "5%", p31: "20%" } }, chain: { p: 0.05, r: 0.2 } },
  ])("lose packets in bursts, by the model $model", async ({ model, loss, chain }) => {
    await both.emulate({ loss });
    const results = await expectCounts(model, burstInterval(MANY.count, chain), lost);
    // Bursts of 5 are meant. Of some 20 their mean is less than 2 once in 10^6 cases, and of all ways' together never.
    const runs = results.flatMap(({ seen }) => lostRuns(seen.sent, seen.sequence));
    console.log(`${model}: ${runs.length} bursts of ${meanOf(runs).toFixed(2)} packets`);
    expect(meanOf(runs)).toBeGreaterThan(2.5);
    expect(meanOf(runs)).toBeLessThan(9);
  });

  test("double packets", async () => {
    await both.emulate({ duplicate: "20%" });
    const { low, high } = binomialInterval(MANY.count, 0.2);
    // ping does not wait for the second answer to its last request.
    const results = await expectCounts("doubled", { low: low - 1, high }, ({ duplicates }) => duplicates);
    for (const { seen } of results) expect(seen.lost).toBe(0);
  });

  test("break datagrams, which checksums tell", async () => {
    await both.emulate({ corrupt: "6%" }, { protocol: "udp" });
    const before = await brokenDatagrams();
    const results = await Promise.all(
      both.ways.map(async ({ address: to, direction, label }, index) => {
        const ends = { client: both.network.inPod, server: both.network.inFar, isReversed: direction === "ingress", port: 5_201 + index };
        return { label, ...(await measureUdp(kernel, { ...ends, to, bitsPerSecond: 2_400_000, seconds: 3 })) };
      }),
    );
    const broken = (await brokenDatagrams()) - before;
    console.log(`${broken} wrong checksums; ${results.map(({ label, lost, total }) => `${label}: ${lost} of ${total} lost`).join(", ")}`);
    for (const { label, lost: count, total } of results) {
      // Of 1,042 bytes or more all but some ten matter. Once in 10^6 cases more or less are lost: these are 4.9 deviations.
      const meant = total * 0.06;
      expect.soft(Math.abs(count - meant), label).toBeLessThan(4.9 * Math.sqrt(meant) + 1);
    }
    // Others are broken in their headers of Ethernet and IP: 34 and 54 bytes of 1,042 and 1,062.
    const lostDatagrams = results.reduce((sum, { lost: count }) => sum + count, 0);
    expect(broken).toBeGreaterThan(lostDatagrams * 0.8);
  });

  test("let packets overtake delayed ones", async () => {
    await both.emulate({ delay: "40ms", reorder: "25%" });
    const atOnce = ({ roundTripsMs }: PingResult) => roundTripsMs.filter((roundTripMs) => roundTripMs < 38).length;
    const results = await expectCounts("at once", binomialInterval(MANY.count, 0.25), atOnce);
    for (const { way, seen } of results) {
      expect.soft(seen.lost, way.label).toBe(0);
      expect.soft(seen.sequence, way.label).not.toEqual(seen.sequence.toSorted((a, b) => a - b));
    }
  });

  test("let each n-th packet overtake", async () => {
    await both.emulate({ delay: "40ms", reorder: { probability: "100%", gap: 5 } });
    for (const { way, seen } of await both.pingAll({ ...MANY, count: 100 })) {
      const atOnce = seen.sequence.filter((_, at) => (seen.roundTripsMs[at] ?? 0) < 38);
      expect.soft(atOnce, way.label).toEqual(Array.from({ length: 20 }, (_, index) => 5 * (index + 1)));
    }
  });

  test("let nothing through where there is a partition", async () => {
    await both.emulate({ partition: true });
    for (const { way, seen } of await both.pingAll({ count: 5, waitMs: 300 })) expect.soft(seen.received, way.label).toBe(0);
  });

  test("refuse a seed, which Debian's tc does not know, and go on", async () => {
    await expect(both.emulate({ loss: "50%", seed: 7 })).rejects.toThrow("netem takes no seed here: it needs Linux 6.6 and iproute2 6.6");
    for (const { seen } of await both.pingAll({ count: 2, waitMs: 300 })) expect(seen.received).toBe(0);
  });

  async function brokenDatagrams(): Promise<number> {
    const counts = await Promise.all(
      [both.network.inPod, both.network.inFar].map(async ([command = "", ...launcher]) => {
        const { stdout } = await kernel.run(command, [...launcher, "nstat", "-asz", "UdpInCsumErrors", "Udp6InCsumErrors"]);
        return [...stdout.matchAll(/^Udp6?InCsumErrors +(\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
});
