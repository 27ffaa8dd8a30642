import { expect, test } from "vitest";
import { distanceOf, farthest } from "./kolmogorov.ts";

test.each([
  { some: [1, 2, 3, 4], others: [1, 2, 3, 4], distance: 0 },
  { some: [1, 2, 3, 4], others: [5, 6], distance: 1 },
  { some: [1, 1, 2, 2], others: [2, 2, 2, 3], distance: 0.5 },
])("$some and $others are $distance apart", ({ some, others, distance }) => {
  expect(distanceOf(some, others)).toBe(distance);
});

test("large samples of one distribution may be less far apart than small ones", () => {
  const sample = (length: number) => Array<number>(length).fill(0);
  // From tables: 1.63 times the root of 2/n once in a hundred cases.
  expect(farthest(sample(200), sample(200), 100)).toBeCloseTo(0.163, 3);
  expect(farthest(sample(800), sample(800), 100)).toBeCloseTo(0.0815, 3);
});
