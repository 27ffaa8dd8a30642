import * as fs from "node:fs";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Alarm, type LookUp } from "@puggle/tc-agent";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SpecSource } from "./spec-source.ts";

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  return { ...real, watch: vi.fn(real.watch) };
});

const HERE = 'egress: [{ to: [{ host: "here.example" }], delay: 10ms }]\n';
const THERE = 'egress: [{ to: [{ host: "there.example" }], delay: 20ms }]\n';
const ADDRESS = { "here.example": "192.0.2.1", "there.example": "192.0.2.2" };

let folder: string;
let path: string;
let over: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-source-"));
  path = join(folder, "spec.yaml");
  writeFileSync(path, "egress: [{ delay: 10ms }]\n");
  over = new AbortController();
});
afterEach(() => {
  over.abort();
  rmSync(folder, { recursive: true });
});

const answerTo = (hosts: readonly string[]): LookUp => ({
  addresses: new Map(hosts.map((host) => [host, [ADDRESS[host as keyof typeof ADDRESS]]])),
  errors: [],
});
const sourceOf = (lookUp = async (hosts: readonly string[]) => answerTo(hosts)) => new SpecSource({ path, lookUpEveryMs: 60_000, lookUp });

/** Does it ring within a moment? It is rung for nothing that came before. */
async function rings(alarm: Alarm, act: () => void): Promise<boolean> {
  act();
  const began = performance.now();
  await alarm.wait(300, over.signal);
  return performance.now() - began < 290;
}

describe("a spec file that is watched", () => {
  let alarm: Alarm;
  beforeEach(async () => {
    const source = sourceOf();
    await source.rules();
    alarm = new Alarm();
    source.watch(alarm, over.signal);
  });

  it.each<[boolean, string, () => void]>([
    [true, "when it is written", () => writeFileSync(path, HERE)],
    [
      true,
      "when another takes its place",
      () => {
        writeFileSync(join(folder, "new"), HERE);
        renameSync(join(folder, "new"), path);
      },
    ],
    [true, "when it is gone", () => rmSync(path)],
    [false, "when another file is written", () => writeFileSync(join(folder, "log"), "x")],
    [false, "when it is written and stays the same", () => writeFileSync(path, "egress: [{ delay: 10ms }]\n")],
  ])("rings: %s, %s", async (isRung, _, act) => {
    expect(await rings(alarm, act)).toBe(isRung);
  });

  it("rings once for what is written at once", async () => {
    const writeTwice = () => {
      for (const text of ["a", HERE]) writeFileSync(path, text);
    };
    expect(await rings(alarm, writeTwice)).toBe(true);
    expect(await rings(alarm, () => undefined)).toBe(false);
  });
});

it("a spec file that can not be watched is read at each turn", async () => {
  vi.mocked(fs.watch).mockImplementationOnce(() => {
    throw new Error("EMFILE: too many open files");
  });
  const source = sourceOf();
  const before = await source.rules();
  source.watch(new Alarm(), over.signal);
  writeFileSync(path, "egress: [{ delay: 20ms }]\n");
  expect(await source.rules()).not.toEqual(before);
});

describe("hosts of a spec file", () => {
  it("are waited for the first time", async () => {
    writeFileSync(path, HERE);
    expect((await sourceOf().rules()).rules[0]?.matches).toMatchObject([{ cidr: "192.0.2.1/32" }]);
  });

  it("keep no turn waiting later: what was in force stays until they are known, and then it rings", async () => {
    writeFileSync(path, HERE);
    const answer = Promise.withResolvers<void>();
    const source = sourceOf(async (hosts) => {
      if (hosts.includes("there.example")) await answer.promise;
      return answerTo(hosts);
    });
    const before = await source.rules();
    const alarm = new Alarm();
    source.watch(alarm, over.signal);
    writeFileSync(path, THERE);
    expect(await source.rules()).toEqual(before);
    expect(await rings(alarm, () => answer.resolve())).toBe(true);
    expect((await source.rules()).rules[0]?.matches).toMatchObject([{ cidr: "192.0.2.2/32" }]);
  });
});

it("rules stay where a file with hosts that have no address takes the place of another, and follow when they have one", async () => {
  let answer: LookUp = { addresses: new Map(), errors: [] };
  const lookUp = vi.fn(async () => answer);
  const source = new SpecSource({ path, lookUpEveryMs: 0, lookUp });
  const before = await source.rules();
  writeFileSync(path, HERE);
  await vi.waitFor(async () => {
    expect(await source.rules()).toBe(before);
    expect(lookUp.mock.calls.length).toBeGreaterThan(2);
  });
  answer = answerTo(["here.example"]);
  await vi.waitFor(async () => expect((await source.rules()).rules[0]?.matches[0]?.cidr).toBe("192.0.2.1/32"));
});
