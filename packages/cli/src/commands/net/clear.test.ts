import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Claim } from "@puggle/tc-agent";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askToClear, claimAfter } from "./clear.ts";

const namespace = { path: "/nowhere", id: "4-4711" };

let claims: string;
beforeEach(() => {
  claims = mkdtempSync(join(tmpdir(), "puggle-clear-"));
});
afterEach(() => rmSync(claims, { recursive: true }));

describe("a process that holds a namespace and is asked to clear it", () => {
  it.each<[string, () => Promise<object>, string | undefined]>([
    ["is believed where it says that it has", async () => ({ cleared: true }), undefined],
    ["is not believed where it says that it has not", async () => ({ cleared: false }), "it ended without clearing"],
    ["is not believed where it says something else", async () => [], "it ended without clearing"],
    [
      "is told of where it fails",
      async () => {
        throw new Error("no tc");
      },
      `the process ${process.pid} that looks after it says: no tc`,
    ],
  ])("%s", async (_, answer, refusal) => {
    const claim = await Claim.make(namespace, answer, claims);
    expect(await askToClear(namespace, claims)).toBe(refusal);
    await claim.release();
  });

  it("need not be there", async () => {
    expect(await askToClear(namespace, claims)).toBe("nobody holds it");
  });

  it("is waited for until it has ended", async () => {
    const claim = await Claim.make(namespace, async () => ({}), claims);
    const next = claimAfter("it ended without clearing", namespace, async () => ({}), { claims });
    await claim.release();
    await (await next).release();
  });

  it("is named where it goes on", async () => {
    const claim = await Claim.make(namespace, async () => ({}), claims);
    await expect(claimAfter("it hangs", namespace, async () => ({}), { claims, withinMs: 200 })).rejects.toMatchObject({
      code: "held",
      message: "it is not cleared, and still held: it hangs; end that process, and clear again",
    });
    await claim.release();
  });
});
