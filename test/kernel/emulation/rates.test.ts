import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { measureTcp, measureUdp } from "../measuring/iperf.ts";
import { type BothWays, openBothWays, type Way } from "./both-ways.ts";

const parts = inject("kernelParts");

/** Ethernet, IP and UDP. */
const HEADERS = { 4: 14 + 20 + 8, 6: 14 + 40 + 8 } as const;
/** Payload of a full frame: TCP has 20 bytes and 12 of timestamps. */
const FRAME = 1_514;
const TCP_PAYLOAD = { 4: 1_500 - 20 - 32, 6: 1_500 - 40 - 32 } as const;
const QUEUE_MS = 60;
const TRIES = 3;

describe.skipIf(parts === undefined)("rates of puggle net", { timeout: 120_000 }, () => {
  let kernel: Kernel;
  let both: BothWays;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    both = await openBothWays(kernel);
  });

  afterAll(() => kernel?.stop());

  function endsOf({ address: to, direction }: Way, index: number) {
    return { to, client: both.network.inPod, server: both.network.inFar, isReversed: direction === "ingress", port: 5_201 + index };
  }

  /** Measures all ways at once, and those again that are outside: what else the machine does may keep packets from coming. */
  async function expectRate(what: string, rate: number, measure: (way: Way, index: number) => Promise<number>): Promise<void> {
    let ways = both.ways;
    for (let attempt = 1; ways.length > 0; attempt += 1) {
      const results = await Promise.all(ways.map(async (way) => ({ way, ratio: (await measure(way, both.ways.indexOf(way))) / rate })));
      console.log(`${what}: ${results.map(({ way, ratio }) => `${way.label} ${(ratio * 100).toFixed(2)} %`).join(", ")}`);
      const outside = results.filter(({ ratio }) => Math.abs(ratio - 1) >= 0.03);
      if (attempt === TRIES) expect(outside.map(({ way }) => way.label)).toEqual([]);
      ways = outside.map(({ way }) => way);
    }
  }

  test.for([
    { datagramBytes: 64, rate: 160_000 },
    { datagramBytes: 1_400, rate: 2_000_000 },
  ])("carry what they should of datagrams of $datagramBytes bytes, to 3 % of layer-2 bytes", async ({ datagramBytes, rate }) => {
    await both.emulate({ rate: `${rate}bit` }, { protocol: "udp" });
    await expectRate(`${datagramBytes} bytes`, rate, async (way, index) => {
      const share = datagramBytes / (datagramBytes + HEADERS[way.family]);
      const flood = { datagramBytes, bitsPerSecond: Math.round(1.8 * rate * share), seconds: 4, omitSeconds: 1 };
      return (await measureUdp(kernel, { ...endsOf(way, index), ...flood })).bitsPerSecond / share;
    });
  });

  test("carry what they should of a TCP connection, to 3 % of layer-2 bytes", async () => {
    const rate = 4_000_000;
    await both.emulate({ rate: `${rate}bit`, queue: "100ms" }, { protocol: "tcp" });
    await expectRate("TCP", rate, async (way, index) => {
      const { bitsPerSecond } = await measureTcp(kernel, { ...endsOf(way, index), seconds: 4, omitSeconds: 1 });
      return (bitsPerSecond * FRAME) / TCP_PAYLOAD[way.family];
    });
  });

  test.for([{ datagramBytes: 64 }, { datagramBytes: 1_400 }])(
    "queue packets for as long as they are asked to, and no longer, behind datagrams of $datagramBytes bytes",
    async ({ datagramBytes }) => {
      const rate = datagramBytes < 100 ? 400_000 : 2_000_000;
      await both.emulate({ rate: `${rate}bit`, queue: `${QUEUE_MS}ms` });
      const floods = Promise.all(
        both.ways.map((way, index) =>
          measureUdp(kernel, { ...endsOf(way, index), datagramBytes, bitsPerSecond: Math.round(1.3 * rate), seconds: 5 }),
        ),
      );
      const results = await both.pingAll({ count: 60, intervalMs: 50 });
      await floods;
      for (const { way, seen } of results) {
        const sorted = seen.roundTripsMs.toSorted((a, b) => a - b);
        const at = (share: number) => sorted[Math.floor(share * sorted.length)] ?? Number.NaN;
        console.log(`${way.label}: ${seen.lost} lost; ${[0.1, 0.5, 0.9].map(at).join(", ")} ms`);
        // The flood takes a moment to begin, and some of them are before it.
        expect.soft(at(0.9), way.label).toBeGreaterThan(0.6 * QUEUE_MS);
        expect.soft(at(0.9), way.label).toBeLessThan(QUEUE_MS + 4);
      }
    },
  );
});
