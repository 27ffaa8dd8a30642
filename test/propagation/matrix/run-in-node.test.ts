import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findNode, nodeVersions } from "../node-versions/find-node.ts";
import { runInNode } from "./run-in-node.ts";

const fixture = join(import.meta.dirname, "run-in-node.fixture.ts");

describe("runInNode", () => {
  it.each(nodeVersions.supported)("runs TypeScript on Node.js %s with the hooks in place, and gives its result", async (version) => {
    const { result, output } = await runInNode(await findNode(version), fixture, ["report", "a b"]);
    expect(result).toEqual({ version, args: ["report", "a b"], active: { inbound: true, outbound: true } });
    expect(output).toBe("");
  });

  it.each([
    ["a process that throws", "throw", /thrown on purpose/],
    ["a process that ends without a result", "end", /ended with 0/],
    ["a process that does not end", "hang", /ended with SIGKILL\nhanging/],
  ])("fails for %s, with what it printed", async (_, what, words) => {
    await expect(runInNode(process.execPath, fixture, [what], { timeoutMs: 2000 })).rejects.toThrow(words);
  });

  it("leaves no file behind", async () => {
    await runInNode(process.execPath, fixture, ["report"]);
    const cache = join(import.meta.dirname, "../node_modules/.cache");
    expect(readdirSync(cache).filter((name) => name.startsWith(`puggle-matrix-${process.pid}-`))).toEqual([]);
  });
});
