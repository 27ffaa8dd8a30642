import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { followGrowth } from "./growth.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A measure whose every look is answered by hand, in any order. */
function looksByHand() {
  const answers: ((bytes: number) => void)[] = [];
  const measure = () => new Promise<number>((resolve) => void answers.push(resolve));
  const answer = async (look: number, bytes: number) => {
    answers[look]?.(bytes);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { measure, answer, count: () => answers.length };
}

it("tells only what is more than was told before, in whatever order the looks end", async () => {
  const { measure, answer } = looksByHand();
  const told: number[] = [];
  const stop = followGrowth(measure, (bytes) => told.push(bytes), 200);
  await vi.advanceTimersByTimeAsync(1_000);
  await answer(0, 10);
  await answer(2, 30);
  await answer(1, 20);
  await answer(3, 0);
  await answer(4, 30);
  expect(told).toEqual([10, 30]);
  stop();
});

it("tells nothing once it is stopped, not even what a look that had begun finds", async () => {
  const { measure, answer, count } = looksByHand();
  const told: number[] = [];
  const stop = followGrowth(measure, (bytes) => told.push(bytes), 200);
  await vi.advanceTimersByTimeAsync(200);
  stop();
  await answer(0, 10);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([]);
  expect(count()).toBe(1);
});
