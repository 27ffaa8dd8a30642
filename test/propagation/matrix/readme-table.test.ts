import { expect, it } from "vitest";
import type { Cell, WayResult } from "./cells.ts";
import { makeTable } from "./readme-table.ts";

const green: Cell = { is: "green" };
const absent: Cell = { is: "absent", why: "needs Node >= 22.19.0" };
const red: Cell = { is: "red", faults: { abort: "a stack", once: "another" } };

function result(way: string, version: string | undefined, cell: Cell, cannot: WayResult["cannot"] = {}): WayResult {
  return { direction: "out", way, version, cell, cannot };
}

it("has a row for each way, with the versions that share its checks, and a note for all that is not green", () => {
  const matrix = new Map([
    [
      "20.1.0",
      [result("fetch", undefined, green), result("x", "1.0.0", green), result("x", "2.0.0", absent), result("y", "3.0.0", absent)],
    ],
    ["22.1.0", [result("fetch", undefined, green), result("x", "1.0.0", green), result("x", "2.0.0", red), result("y", "3.0.0", green)]],
  ]);
  expect(makeTable("out", matrix)).toBe(
    [
      "| way out | version | Node 20.1.0 | Node 22.1.0 |",
      "| --- | --- | :-: | :-: |",
      "| `fetch` | built in | ✓ | ✓ |",
      "| x | 1.0.0, 2.0.0 | ✓ <sup>1</sup> | ✗ <sup>2</sup> |",
      "| y | 3.0.0 | – <sup>3</sup> | ✓ |",
      "",
      "1. 2.0.0 needs Node >= 22.19.0",
      "2. 2.0.0 fails: abort, once",
      "3. needs Node >= 22.19.0",
      "",
    ].join("\n"),
  );
});

it("keeps apart the versions that have other checks, and says why", () => {
  const noRedirects = { "redirect to a target": "follows none", "redirect to another host": "follows none", abort: "takes no signal" };
  const matrix = new Map([["20.1.0", [result("x", "1.0.0", green, noRedirects), result("x", "2.0.0", green)]]]);
  expect(makeTable("out", matrix)).toBe(
    [
      "| way out | version | Node 20.1.0 |",
      "| --- | --- | :-: |",
      "| x <sup>1 2</sup> | 1.0.0 | ✓ |",
      "| x | 2.0.0 | ✓ |",
      "",
      "1. redirect to a target, redirect to another host: follows none",
      "2. abort: takes no signal",
      "",
    ].join("\n"),
  );
});
