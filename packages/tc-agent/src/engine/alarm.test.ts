import { describe, expect, it } from "vitest";
import { Alarm } from "./alarm.ts";

const LONG_MS = 60_000;

describe("an alarm", () => {
  it("wakes one who waits", async () => {
    const alarm = new Alarm();
    const waiting = alarm.wait(LONG_MS, new AbortController().signal);
    alarm.ring();
    await waiting;
  });

  it("does not forget who rang before the wait began, and then waits again", async () => {
    const alarm = new Alarm();
    alarm.ring();
    await alarm.wait(LONG_MS, new AbortController().signal);
    const waited = alarm.wait(20, new AbortController().signal).then(() => "waited");
    expect(await Promise.race([waited, Promise.resolve("at once")])).toBe("at once");
    expect(await waited).toBe("waited");
  });

  it("ends with the signal, before or while it waits", async () => {
    const over = new AbortController();
    const waiting = new Alarm().wait(LONG_MS, over.signal);
    over.abort();
    await waiting;
    await new Alarm().wait(LONG_MS, over.signal);
  });
});
