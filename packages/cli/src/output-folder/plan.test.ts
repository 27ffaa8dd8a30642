import type { GeneratedFile } from "@puggle/mesh-config";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Found, planOutput } from "./plan.ts";

const generated: readonly GeneratedFile[] = [
  { path: "istio/a/b.yaml", text: "1" },
  { path: "istio/a/c.yaml", text: "2" },
];
const FOLDERS: readonly [string, Found][] = [
  ["istio", { kind: "folder" }],
  ["istio/a", { kind: "folder" }],
];
const plan = (...found: readonly [string, Found][]) => planOutput(generated, new Map([...FOLDERS, ...found]));

describe("planOutput", () => {
  it("creates everything where nothing is", () => {
    expect(planOutput(generated, new Map())).toEqual({ created: generated, changed: [], removed: [], unchanged: [], blocked: [] });
  });

  it("changes what differs, leaves what is the same, and removes what is no longer generated", () => {
    const ours = (text: string): Found => ({ kind: "generated", text });
    expect(
      plan(["istio/a/b.yaml", ours("old")], ["istio/a/c.yaml", ours("2")], ["istio/z.yaml", ours("x")], ["istio/d.yaml", ours("x")]),
    ).toEqual({
      created: [],
      changed: [{ path: "istio/a/b.yaml", text: "1", previous: "old" }],
      removed: ["istio/d.yaml", "istio/z.yaml"],
      unchanged: ["istio/a/c.yaml"],
      blocked: [],
    });
  });

  it("neither changes nor removes what somebody else made", () => {
    const foreign: Found = { kind: "foreign", what: "a file that puggle did not make" };
    expect(plan(["istio/a/b.yaml", foreign], ["istio/z.yaml", foreign])).toMatchObject({
      created: [generated[1]],
      changed: [],
      removed: [],
      blocked: [{ path: "istio/a/b.yaml", message: "a file that puggle did not make is where a generated file belongs" }],
    });
  });

  it("names a folder where a file belongs, and a file where a folder belongs, each once", () => {
    expect(plan(["istio/a/b.yaml", { kind: "folder" }]).blocked).toEqual([
      { path: "istio/a/b.yaml", message: "a folder is where a generated file belongs" },
    ]);
    expect(planOutput(generated, new Map([["istio/a", { kind: "foreign", what: "a symbolic link" }]])).blocked).toEqual([
      { path: "istio/a", message: "a symbolic link is where a folder belongs" },
    ]);
  });

  const path = fc.constantFrom("t/a", "t/b", "t/c", "t/d/e", "t/d/f");
  const files = fc.uniqueArray(fc.record({ path, text: fc.constantFrom("1", "2") }), { selector: (file) => file.path });
  it("accounts for every generated file once, and touches nothing foreign", () => {
    const found = fc.dictionary(path, fc.constantFrom<Found>({ kind: "generated", text: "1" }, { kind: "foreign", what: "x" }));
    fc.assert(
      fc.property(files, found, (wanted, present) => {
        const { created, changed, removed, unchanged, blocked } = planOutput(wanted, new Map(Object.entries(present)));
        const accounted = [...created, ...changed, ...blocked].map((file) => file.path).concat(unchanged);
        expect(accounted.sort()).toEqual(wanted.map((file) => file.path).sort());
        const touched = [...created, ...changed].map((file) => file.path).concat(removed);
        for (const one of touched) expect(present[one]?.kind).not.toBe("foreign");
      }),
    );
  });
});
