import { describe, expect, it } from "vitest";
import { KernelError } from "../kernel/kernel-error.ts";
import { Alarm } from "./alarm.ts";
import { hold } from "./hold.ts";

const RULES = { rules: [], pass: [] };
const NOTHING_DONE = { steps: [], milliseconds: 0, pause: undefined };

/** What is told of while turns go as they are told, one after the other. */
async function troublesOf(turns: readonly { readonly rules?: string; readonly kernel?: string }[]): Promise<readonly string[]> {
  const over = new AbortController();
  const told: string[] = [];
  let turn = 0;
  const act = async () => {
    const failure = turns[turn]?.kernel;
    turn += 1;
    if (turn === turns.length) over.abort();
    if (failure !== undefined) throw new KernelError("refused", failure);
    return NOTHING_DONE;
  };
  await hold({
    engine: { apply: act, keep: act },
    rules: async () => {
      const failure = turns[turn]?.rules;
      if (failure !== undefined) throw new Error(failure);
      return RULES;
    },
    everyMs: 0,
    alarm: new Alarm(),
    signal: over.signal,
    onApplied: () => undefined,
    onTrouble: (error) => told.push(`${turn}: ${error instanceof Error ? error.message : error}`),
  });
  return told;
}

describe("a trouble while rules are held", () => {
  it("is told of once as long as it stays the same, and the turns go on", async () => {
    expect(await troublesOf([{ rules: "a" }, { rules: "a" }, { rules: "a" }])).toEqual(["1: a"]);
  });

  it("is told of again when it changed, or had gone", async () => {
    expect(await troublesOf([{ kernel: "a" }, { kernel: "b" }, {}, { kernel: "b" }])).toEqual(["1: a", "2: b", "4: b"]);
  });

  it("is told of beside another that stays", async () => {
    expect(await troublesOf([{ rules: "a" }, { rules: "a", kernel: "b" }, { rules: "a" }])).toEqual(["1: a", "2: b"]);
  });

  it("ends it where the namespace is gone", async () => {
    const gone = async () => {
      throw new KernelError("gone", "it is gone");
    };
    const held = hold({
      engine: { apply: gone, keep: gone },
      rules: async () => RULES,
      everyMs: 0,
      alarm: new Alarm(),
      signal: new AbortController().signal,
      onApplied: () => undefined,
      onTrouble: () => undefined,
    });
    await expect(held).rejects.toMatchObject({ code: "gone" });
  });
});
