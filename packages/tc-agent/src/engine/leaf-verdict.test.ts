import { describe, expect, it } from "vitest";
import type { Degradation } from "../spec/emulation.ts";
import { isTooSlow, judge, probeFor } from "./leaf-verdict.ts";

const NOTHING: Degradation = { kind: "degradation", delayUs: 0, jitterUs: 0, delayCorrelation: 0 };
const DELAY = { ...NOTHING, delayUs: 40_000 };
const LOSS = { ...NOTHING, loss: { kind: "random", probability: 0.1, correlation: 0 } } as const;

function seen(came: number, delayMs: number, sent = 200) {
  return { sent, delaysMs: Array<number>(came).fill(delayMs) };
}

describe("a probe", () => {
  it.each<[string, Degradation, number, number]>([
    ["is quick where no rate is asked for", DELAY, 200, 5],
    ["takes a fifth of a rate", { ...NOTHING, rate: 100_000 }, 100, 40],
    ["is of two packets at least", { ...NOTHING, rate: 2_000 }, 2, 1_960],
  ])("%s", (_, degradation, packets, intervalMs) => {
    expect(probeFor("pgl0", degradation)).toMatchObject({ packets, intervalMs });
  });

  it("is not made where packets are held for longer than it waits", () => {
    expect(isTooSlow(probeFor("pgl0", { ...NOTHING, delayUs: 4_000_000 }))).toBe(false);
    expect(isTooSlow(probeFor("pgl0", { ...NOTHING, delayUs: 6_000_000 }))).toBe(true);
  });
});

describe("a verdict", () => {
  it.each<[string, ReturnType<typeof seen>, Degradation, string, string?]>([
    ["is True where delay and loss are as asked", seen(200, 40.3), DELAY, "True"],
    ["is False where packets come too early", seen(200, 20), DELAY, "False", "from 39.0 to 41.0 ms were asked for"],
    ["is False where they come too late", seen(200, 60), DELAY, "False", "from 39.0 to 41.0 ms were asked for"],
    ["allows for jitter", seen(200, 58), { ...DELAY, jitterUs: 20_000 }, "True"],
    ["allows for packets that go at once", seen(200, 0.1), { ...DELAY, reorder: { probability: 0.6, correlation: 0 } }, "True"],
    ["allows for a queue of others", seen(200, 45), { ...NOTHING, rate: 1_000_000, queueUs: 50_000 }, "True"],
    [
      "is False where packets are lost that should not be",
      seen(190, 40),
      DELAY,
      "False",
      "10 of 200 packets were lost, and 0% were asked for",
    ],
    ["is True where about as many are lost as asked", seen(175, 0.1), LOSS, "True"],
    ["is False where too few are lost", seen(200, 0.1), LOSS, "False", "0 of 200 packets were lost, and 10% were asked for"],
    ["is False where far too many are lost", seen(100, 0.1), LOSS, "False", "100 of 200 packets were lost"],
    [
      "does not judge loss in bursts",
      seen(100, 0.1),
      { ...NOTHING, loss: { kind: "gemodel", p: 0.1, r: 0.1, lostWhenBad: 1, lostWhenGood: 0 } },
      "True",
    ],
    [
      "allows for packets that are not known again when they are broken",
      seen(190, 0.1),
      { ...NOTHING, corrupt: { probability: 0.05, correlation: 0 } },
      "True",
    ],
    ["is Unknown where nothing could be sent", seen(0, 0, 0), DELAY, "Unknown", "has the namespace an IPv4 address?"],
  ])("%s", (_, observation, asked, verified, why) => {
    const verdict = judge(observation, asked);
    expect(verdict.verified).toBe(verified);
    if (why !== undefined) expect(verdict.why).toContain(why);
  });
});
