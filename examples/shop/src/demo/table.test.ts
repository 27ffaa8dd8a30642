import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { Outcome } from "./run-scenario.ts";
import { formatOutcomes, formatParts } from "./table.ts";

const seen = [
  { at: "web", header: "pr-42", madeOf: "Express 5, fetch" },
  { at: "catalog@pr-42", header: "pr-42", madeOf: "Express 4, undici" },
];
const ask = { path: "/products/1", headers: { "virtual-cluster-name": "pr-42" } };
const scenario = { name: "one", title: "Into pr-42", kind: "request", ask, expected: seen } as const;
const right: Outcome = {
  scenario,
  fault: undefined,
  isRight: true,
  observations: [{ times: 1, took: seen, expected: seen, isRight: true }],
};
const wrong: Outcome = {
  scenario,
  fault: undefined,
  isRight: false,
  observations: [{ times: 1, took: seen, expected: [{ at: "web", header: null }], isRight: false }],
};
const silent: Outcome = { scenario, fault: "HTTP 503: no healthy upstream", isRight: false, observations: [] };

const print = (outcomes: readonly Outcome[], width: number) => stripVTControlCharacters(formatOutcomes(outcomes, width));

describe("the table", () => {
  it("shows what was asked, the way, the header, and a tick where it is the expected one", () => {
    const table = print([right], 110);
    for (const words of [
      "GET /products/1",
      "virtual-cluster-name: pr-42",
      "took      web → catalog@pr-42",
      "header    pr-42 all the way",
      "✔",
    ]) {
      expect(table).toContain(words);
    }
    expect(table).not.toContain("✘");
    expect(table).not.toContain("expected");
  });

  it("shows what was expected instead of a wrong way", () => {
    const table = print([wrong], 110);
    for (const words of ["took      web → catalog@pr-42", "expected  web ", "none all the way", "✘"]) expect(table).toContain(words);
  });

  it("shows why there is no answer", () => {
    expect(print([silent], 110)).toMatch(/no answer HTTP 503: no healthy upstream[\s\S]*expected {2}web → catalog@pr-42/);
  });

  it.each([80, 100, 120, 200])("fits a terminal of %i columns", (width) => {
    for (const line of print([right, wrong, silent], width).split("\n")) expect(line.length).toBeLessThanOrEqual(width);
  });

  it("tells what the services are made of", () => {
    expect(stripVTControlCharacters(formatParts([right, wrong]))).toBe("web (Express 5, fetch)  catalog (Express 4, undici)");
  });
});
