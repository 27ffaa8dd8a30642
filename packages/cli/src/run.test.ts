import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runPuggle } from "./run.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-run-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("runPuggle", () => {
  it.each([
    ["2030-01-31T17:59:59Z", 0],
    ["2030-01-31T18:00:00Z", 1],
  ])("asks the given clock what time it is: at %s there are %i warnings", async (now, count) => {
    const file = join(folder, "mesh.yaml");
    const cluster = "{ name: pr-42, expires: 2030-01-31T18:00:00Z }";
    writeFileSync(file, `apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nvirtualClusters: [${cluster}]\n`);
    const errors: string[] = [];
    const terminal = { out: () => undefined, err: (text: string) => errors.push(text) };
    expect(await runPuggle(["generate", "--dry-run", "-f", file], terminal, () => new Date(now))).toBe(0);
    expect(errors.filter((text) => text.startsWith("warning: "))).toHaveLength(count);
  });
});
