import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GeneratedFile } from "@puggle/mesh-config";
import { GENERATED_FILE_MARKER } from "@puggle/model";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CliError } from "../cli-error.ts";
import { applyPlan } from "./apply.ts";
import { type OutputPlan, planOutput } from "./plan.ts";
import { scanOutput } from "./scan.ts";

const OURS = `${GENERATED_FILE_MARKER} --target istio\` from the mesh file.\n`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-output-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Every file below the folder with its text, and every folder. */
function snapshot(): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    paths.map((path) => [path, statSync(join(folder, path)).isFile() ? readFileSync(join(folder, path), "utf8") : "folder"]),
  );
}

const bring = (generated: readonly GeneratedFile[]) => applyPlan(folder, planOutput(generated, scanOutput(folder, "istio")));

describe("applyPlan", () => {
  it("brings the folder to what is generated, whatever was generated before, and keeps what is foreign", async () => {
    const path = fc.constantFrom("istio/a.yaml", "istio/b/c.yaml", "istio/b/d/e.yaml", "istio/b/d/f.yaml");
    const files = fc.uniqueArray(fc.record({ path, text: fc.constantFrom("1", "2").map((text) => OURS + text) }), {
      selector: (file) => file.path,
    });
    put("istio/b/mine.yaml", "mine");
    put("envoy/a.yaml", OURS.replace("istio", "envoy"));
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        await bring(before);
        await bring(after);
        const wanted = Object.fromEntries(after.map((file) => [file.path, file.text]));
        const present = Object.entries(snapshot()).filter(([, text]) => text !== "folder");
        expect(Object.fromEntries(present)).toEqual({
          ...wanted,
          "istio/b/mine.yaml": "mine",
          "envoy/a.yaml": OURS.replace("istio", "envoy"),
        });
        const plan = planOutput(after, scanOutput(folder, "istio"));
        expect([plan.created, plan.changed, plan.removed, plan.unchanged.length]).toEqual([[], [], [], after.length]);
      }),
      { numRuns: 50 },
    );
  });

  it("removes the folders that it leaves empty, and no others", async () => {
    put("istio/empty/of/mine/.keep", "");
    await bring([{ path: "istio/a/b/c.yaml", text: OURS }]);
    await bring([]);
    expect(Object.keys(snapshot())).toEqual(["istio", "istio/empty", "istio/empty/of", "istio/empty/of/mine", "istio/empty/of/mine/.keep"]);
  });

  it("does not touch a file that stays the same", async () => {
    const files = [{ path: "istio/a.yaml", text: OURS }];
    await bring(files);
    const before = statSync(join(folder, "istio/a.yaml"), { bigint: true });
    await bring([...files, { path: "istio/b.yaml", text: OURS }]);
    const after = statSync(join(folder, "istio/a.yaml"), { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  it("leaves the folder as it was where a file in the middle can not be written", async () => {
    put("istio/a.yaml", "old a");
    put("istio/b.yaml", "old b");
    put("istio/in-the-way/file", "x");
    const before = snapshot();
    const plan = {
      created: [{ path: "istio/new/n.yaml", text: "new" }],
      changed: [
        { path: "istio/a.yaml", text: "new a", previous: "old a" },
        { path: "istio/in-the-way", text: "fails", previous: "" },
      ],
      removed: ["istio/b.yaml"],
      unchanged: [],
      blocked: [],
    };
    await expect(applyPlan(folder, plan)).rejects.toThrow(CliError);
    expect(snapshot()).toEqual(before);
  });

  it("leaves the folder as it was where a file can not be removed at last", async () => {
    put("istio/a.yaml", "old a");
    put("istio/b.yaml", "old b");
    const before = snapshot();
    const plan = {
      created: [{ path: "istio/n.yaml", text: "new" }],
      changed: [{ path: "istio/a.yaml", text: "new a", previous: "old a" }],
      removed: ["istio/b.yaml", "istio/gone.yaml"],
      unchanged: [],
      blocked: [],
    };
    await expect(applyPlan(folder, plan)).rejects.toThrow(/^nothing was written to .*gone\.yaml/);
    expect(snapshot()).toEqual(before);
  });
});

/** A plan of so many new files. */
const newFiles = (count: number): OutputPlan => ({
  created: Array.from({ length: count }, (_, index) => ({ path: `istio/${index}.yaml`, text: OURS })),
  changed: [],
  removed: [],
  unchanged: [],
  blocked: [],
});

describe("a run that is ended", () => {
  it.each([
    ["at once", (end: () => void) => end()],
    ["while texts are staged", (end: () => void) => setImmediate(end)],
  ])("%s leaves the folder as it was, and none where there was none", async (_when, schedule) => {
    put("istio/mine.yaml", "mine");
    const before = snapshot();
    for (const where of [folder, join(folder, "not/there/yet")]) {
      const controller = new AbortController();
      const applied = applyPlan(where, newFiles(1_000), controller.signal);
      schedule(() => controller.abort(new CliError("interrupted", 130, "ended by SIGINT")));
      await expect(applied).rejects.toMatchObject({ exitCode: 130, message: `ended by SIGINT: nothing was written to ${where}` });
      expect(snapshot()).toEqual(before);
    }
  });

  it("when it was killed, leaves what the next run removes, though that changes nothing", async () => {
    const { pid: dead } = spawnSync(process.execPath, ["--version"]);
    put(`.puggle-staging-${dead}-AbCdEf/0`, OURS);
    put(`.puggle-staging-${process.pid}-AbCdEf/0`, OURS);
    put(`.puggle-staging-${process.pid}-oLdOnE/0`, OURS);
    utimesSync(join(folder, `.puggle-staging-${process.pid}-oLdOnE`), 0, 0);
    put(".puggle-config/mine", "mine");
    put(`.puggle-staging-${dead}-aAfile`, "mine");
    await bring([]);
    expect(readdirSync(folder).sort()).toEqual(
      [".puggle-config", `.puggle-staging-${dead}-aAfile`, `.puggle-staging-${process.pid}-AbCdEf`].sort(),
    );
  });
});

describe("scanOutput", () => {
  it("finds nothing in a folder that is not there, and refuses a file in its place", () => {
    expect(scanOutput(join(folder, "nowhere"), "istio").size).toBe(0);
    put("file", "");
    expect(() => scanOutput(join(folder, "file"), "istio")).toThrow(/can not be read \(ENOTDIR\); name another with -o$/);
  });

  it("tells its own files of this target from others", () => {
    put("istio/ours.yaml", OURS);
    put("istio/theirs.yaml", "kind: VirtualService\n");
    put("istio/other-target.yaml", OURS.replace("istio", "envoy"));
    expect(Array.from(scanOutput(folder, "istio"), ([path, { kind }]) => `${path} ${kind}`).sort()).toEqual([
      "istio folder",
      "istio/other-target.yaml foreign",
      "istio/ours.yaml generated",
      "istio/theirs.yaml foreign",
    ]);
  });
});
