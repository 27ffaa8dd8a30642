import { beforeAll, describe, expect, it } from "vitest";
import { nodeVersions } from "../node-versions/find-node.ts";
import type { WayResult } from "./cells.ts";
import { readTable, writeTable } from "./readme.ts";
import { type Matrix, makeTable } from "./readme-table.ts";
import { runWaysOut } from "./run-matrix.ts";
import { waysOut } from "./ways-out/index.ts";
import { whyNotOn } from "./ways-out/installed.ts";

let matrix: Matrix;

beforeAll(async () => {
  matrix = await runWaysOut();
}, 300_000);

describe.each(nodeVersions.supported)("on Node.js %s", (version) => {
  it.each(waysOut.map((way) => ({ title: `${way.name} ${way.version ?? "(built in)"}`, way })))("$title keeps the contract", ({ way }) => {
    const found = resultsOf(version).filter((result) => result.way === way.name && result.version === way.version);
    const why = whyNotOn(version, way);
    expect(found.map(({ cell }) => cell)).toEqual([why === undefined ? { is: "green" } : { is: "absent", why }]);
  });

  it("leaves out no way, and tries none that nobody knows", () => {
    expect(resultsOf(version)).toHaveLength(waysOut.length);
  });
});

describe("a check that does not exist for a way", () => {
  // What a way may be excused from, in so many words: anything else is a gap.
  const excuses: Readonly<Record<string, readonly string[]>> = {
    pipelining: ["sends one request at a time on a connection", "has a connection of its own for each request"],
    "keep-alive": ["has a connection of its own for each request", "the proxy's connections are not its own"],
    "streamed body": ["has no body", "sends a streamed body once only"],
    abort: ["takes no signal"],
    "events of an abort": ["takes no signal", "its `error` event runs in the code that aborts"],
    "redirect to a target": ["follows no redirects"],
    "redirect to another host": ["follows no redirects"],
    "headers unchanged": ["writes a Host header into them itself"],
  };

  it("has one of these reasons", () => {
    const excused = waysOut.flatMap(({ name, cannot }) => Object.entries(cannot).map(([check, reason]) => ({ name, check, reason })));
    expect(excused.filter(({ check, reason }) => excuses[check]?.includes(reason) !== true)).toEqual([]);
  });
});

it("the README's table of ways out tells what came of it (UPDATE_README=1 writes it)", () => {
  const table = makeTable("out", matrix);
  if (process.env.UPDATE_README === "1") writeTable("out", table);
  expect(readTable("out")).toBe(table.trim());
});

function resultsOf(version: string): readonly WayResult[] {
  return matrix.get(version) ?? [];
}
