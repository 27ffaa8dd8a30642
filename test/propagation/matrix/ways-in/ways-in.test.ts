import { beforeAll, describe, expect, test } from "vitest";
import { findNode, nodeVersions } from "../../node-versions/find-node.ts";
import type { WayResult } from "../cells.ts";
import { readTable, writeTable } from "../readme.ts";
import { makeTable } from "../readme-table.ts";
import { waysIn } from "./index.ts";
import { nameOf } from "./results.ts";
import { runWaysIn } from "./run-ways-in.ts";

const matrix = new Map<string, readonly WayResult[]>();

describe.each(nodeVersions.supported)("on Node %s", (version) => {
  let results: readonly WayResult[];
  beforeAll(async () => {
    results = await runWaysIn(await findNode(version));
    matrix.set(version, results);
  });

  test.each(waysIn.map((way) => ({ name: nameOf(way), version: way.version })))("$name $version", (wanted) => {
    const found = results.find(({ way, version }) => way === wanted.name && (version ?? "") === wanted.version);
    expect(found?.cell).toEqual({ is: "green" });
  });
});

test("the README's table of ways in tells what came of it (UPDATE_README=1 writes it)", () => {
  const table = makeTable("in", matrix);
  if (process.env.UPDATE_README === "1") writeTable("in", table);
  expect(readTable("in")).toBe(table.trim());
});
