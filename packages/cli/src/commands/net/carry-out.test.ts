import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askHolder, KernelError } from "@puggle/tc-agent";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { carryOut, type Work } from "./carry-out.ts";
import { Reports } from "./reports.ts";

const namespace = { path: "/nowhere", id: "4-4711" };
const RULES = { rules: [], pass: [] };
const APPLIED = { steps: [], milliseconds: 1, pause: undefined };

let claims: string;
let did: string[];
let told: string;
beforeEach(() => {
  claims = mkdtempSync(join(tmpdir(), "puggle-carry-out-"));
  did = [];
  told = "";
});
afterEach(() => rmSync(claims, { recursive: true }));

/** Of an engine that notes what it does, and does nothing. */
function workOf(engine: Partial<Work["engine"]> = {}, more: Partial<Work> = {}): Work {
  const note =
    <Result>(word: string, result: Result) =>
    async () => {
      did.push(word);
      return result;
    };
  return {
    target: { namespace, name: "it" },
    engine: {
      apply: note("apply", APPLIED),
      keep: note("keep", APPLIED),
      clear: note("clear", APPLIED),
      settled: async () => undefined,
      status: vi.fn(),
      verifyLeaves: note("verify", new Map()),
      ...engine,
    },
    marks: { ensure: note("mark", true), remove: note("unmark", undefined) },
    source: { rules: async () => RULES, news: () => [], watch: () => undefined },
    rules: RULES,
    reports: new Reports({ out: (text) => (told += text) }, false),
    isVerified: false,
    forSeconds: undefined,
    leaseSeconds: 10,
    claims,
    ...more,
  };
}

const never = () => new Promise<never>(() => undefined);
const interrupt = () => process.emit("SIGINT", "SIGINT");
const interruptAnd = <Result>(result: Result) => {
  interrupt();
  return result;
};
const askToClear = () => askHolder(namespace, "clear", claims);

describe("what apply puts in force", () => {
  it("stays where it was to be left and all was done", async () => {
    const result = await carryOut(workOf({}, { forSeconds: 5, isVerified: true }));
    expect([result.json, did]).toEqual([{ event: "left", seconds: 5 }, ["mark", "apply", "verify"]]);
  });

  it("is cleared at a signal that comes while it is held", async () => {
    const ended = carryOut(workOf());
    await vi.waitFor(() => expect(told).toContain("held by this process"));
    interrupt();
    await expect(ended).rejects.toMatchObject({ code: "interrupted", exitCode: 130 });
    expect(did.slice(-2)).toEqual(["clear", "unmark"]);
  });

  it.each<[string, Partial<Work["engine"]>, Partial<Work>]>([
    ["while it is applied", { apply: async () => interruptAnd(APPLIED) }, {}],
    ["while it is applied to be left", { apply: async () => interruptAnd(APPLIED) }, { forSeconds: 5 }],
    ["while it is verified", { verifyLeaves: async () => interruptAnd(new Map()) }, { forSeconds: 5, isVerified: true }],
    [
      "while old leaves empty",
      { settled: vi.fn(async () => undefined).mockImplementationOnce(() => interruptAnd(never())) },
      { forSeconds: 5 },
    ],
  ])("is cleared at a signal that comes %s", async (_, engine, more) => {
    await expect(carryOut(workOf(engine, more))).rejects.toMatchObject({ code: "interrupted" });
    expect(did.slice(-2)).toEqual(["clear", "unmark"]);
  });

  it("is cleared where it can not be verified", async () => {
    const verifyLeaves = async () => {
      throw new KernelError("missing-tool", "no tcpdump");
    };
    await expect(carryOut(workOf({ verifyLeaves }, { forSeconds: 5, isVerified: true }))).rejects.toThrow("no tcpdump");
    expect(did).toEqual(["mark", "apply", "clear", "unmark"]);
  });

  it("is told of where it could not be cleared either, and marks go nevertheless", async () => {
    const fail = (message: string) => async () => {
      throw new Error(message);
    };
    await expect(carryOut(workOf({ verifyLeaves: fail("no tcpdump"), clear: fail("no tc") }, { isVerified: true }))).rejects.toThrow(
      "no tcpdump",
    );
    expect([did.at(-1), told]).toEqual(["unmark", expect.stringContaining("it could not be cleared (no tc)")]);
  });

  it.each([
    ["is held", undefined],
    ["is about to be left", 5],
  ])("is cleared for who asks for it while it %s", async (_, forSeconds) => {
    const settled = vi.fn(async () => undefined);
    if (forSeconds !== undefined) settled.mockImplementationOnce(never);
    const ended = carryOut(workOf({ settled }, { forSeconds }));
    await vi.waitFor(() => expect(told).toContain(forSeconds === undefined ? "held by this process" : "applied"));
    expect(await askToClear()).toEqual({ cleared: true });
    expect((await ended).json).toEqual({ event: "cleared" });
    expect(did.slice(-2)).toEqual(["clear", "unmark"]);
  });

  it("is said not to be cleared where that failed", async () => {
    const clear = async () => {
      throw new KernelError("refused", "no");
    };
    const ended = expect(carryOut(workOf({ clear }))).rejects.toThrow("no");
    await vi.waitFor(() => expect(told).toContain("held by this process"));
    expect(await askToClear()).toEqual({ cleared: false });
    await ended;
  });

  const gone = async () => {
    throw new KernelError("gone", "it is gone");
  };

  it("ends well where the network is gone", async () => {
    const apply = vi.fn().mockResolvedValueOnce(APPLIED).mockImplementation(gone);
    const { json } = await carryOut(workOf({ apply, clear: gone }));
    expect(json).toEqual({ event: "gone" });
    expect(told).not.toContain("could not be cleared");
  });

  it("ends by the signal where the network is gone when it comes", async () => {
    const ended = carryOut(workOf({ clear: gone }));
    await vi.waitFor(() => expect(told).toContain("held by this process"));
    interrupt();
    await expect(ended).rejects.toMatchObject({ code: "interrupted", exitCode: 130 });
    const goneAtOnce = carryOut(workOf({ apply: () => interruptAnd(gone()), clear: gone }));
    await expect(goneAtOnce).rejects.toMatchObject({ code: "interrupted", exitCode: 130 });
  });

  it("never was where the network is gone before", async () => {
    await expect(carryOut(workOf({ apply: gone, clear: gone }))).rejects.toMatchObject({ code: "gone" });
    expect(told).toBe("");
  });
});
