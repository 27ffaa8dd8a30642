import { describe, expect, test } from "vitest";
import { appendHeader, findHeader, replaceHeader } from "./header-array.ts";

describe.each([
  ["flat", ["Host", "a", "X", "1", "x", "2"]],
  [
    "nested",
    [
      ["Host", "a"],
      ["X", "1"],
      ["x", "2"],
    ],
  ],
] as const)("%s array headers", (_, headers) => {
  const before = JSON.stringify(headers);

  test("are found whatever their case, and joined where they repeat", () => {
    expect(findHeader(headers, "host")).toBe("a");
    expect(findHeader(headers, "x")).toBe("1,2");
    expect(findHeader(headers, "y")).toBeUndefined();
  });

  test("grow by a copy", () => {
    expect(findHeader(appendHeader(headers, "y", "3"), "y")).toBe("3");
    expect(JSON.stringify(headers)).toBe(before);
  });

  test("change by a copy that keeps the others in their order", () => {
    const changed = replaceHeader(headers, "x", "3");
    expect(changed.flat()).toEqual(["Host", "a", "X", "3"]);
    expect(JSON.stringify(headers)).toBe(before);
  });
});

test("no headers at all take one more", () => {
  expect(appendHeader([], "y", "3")).toEqual(["y", "3"]);
});
