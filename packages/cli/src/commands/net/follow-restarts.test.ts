import { KernelError } from "@puggle/tc-agent";
import { beforeEach, describe, expect, it } from "vitest";
import type { CommandResult } from "../../command-result.ts";
import { followRestarts } from "./follow-restarts.ts";
import { Reports } from "./reports.ts";
import type { Target } from "./target.ts";

const GONE: CommandResult = { exitCode: 0, text: "gone\n", json: { event: "gone" } };
const CLEARED: CommandResult = { exitCode: 0, text: "cleared\n", json: { event: "cleared" } };

const targetOf = (path: string, findAgain?: () => Target | undefined): Target => ({
  namespace: { path, id: path },
  name: "container web",
  device: "eth0",
  process: () => undefined,
  cgroup: undefined,
  ...(findAgain === undefined ? {} : { findAgain }),
});

describe("what is done for a container", () => {
  let told: string;
  let done: string[];
  let reports: Reports;
  beforeEach(() => {
    told = "";
    done = [];
    reports = new Reports({ out: (text) => (told += text) }, false);
  });

  /** Notes for which network it is done, and gives one result, or error, after the other. */
  const doing = (...results: readonly (CommandResult | Error)[]) => {
    let turn = 0;
    return async ({ namespace }: Target) => {
      done.push(namespace.path);
      const result = results[turn++];
      if (result === undefined || result instanceof Error) throw result;
      return result;
    };
  };

  it("is done again when it has another network, as soon as that is there", async () => {
    const found = [undefined, targetOf("second"), targetOf("second"), targetOf("third")];
    const noDevice = new KernelError("no-device", "it has no eth0");
    const act = doing(GONE, noDevice, GONE, CLEARED);
    expect(
      await followRestarts(
        targetOf("first", () => found.shift()),
        act,
        reports,
      ),
    ).toBe(CLEARED);
    expect(done).toEqual(["first", "second", "second", "third"]);
    expect(told).toBe("container web is gone, and its network with it; it is waited for, 30 s at most\n".repeat(2));
  });

  it("ends where it does not come back, or has no name that outlives its network", async () => {
    expect(
      await followRestarts(
        targetOf("first", () => undefined),
        doing(GONE),
        reports,
        300,
      ),
    ).toBe(GONE);
    expect(await followRestarts(targetOf("first"), doing(GONE), reports)).toBe(GONE);
    expect(done).toEqual(["first", "first"]);
  });

  it("ends with why it could not be done where that does not change", async () => {
    const noDevice = new KernelError("no-device", "it has no eth0");
    const act = doing(GONE, noDevice, noDevice, noDevice, noDevice);
    await expect(
      followRestarts(
        targetOf("first", () => targetOf("second")),
        act,
        reports,
        500,
      ),
    ).rejects.toBe(noDevice);
  });

  it("ends where it fails otherwise", async () => {
    const refused = new KernelError("refused", "no");
    await expect(
      followRestarts(
        targetOf("first", () => targetOf("second")),
        doing(GONE, refused),
        reports,
      ),
    ).rejects.toBe(refused);
  });

  it("is waited for until a signal comes", async () => {
    const ended = followRestarts(
      targetOf("first", () => undefined),
      doing(GONE),
      reports,
    );
    setTimeout(() => process.emit("SIGINT", "SIGINT"), 50);
    await expect(ended).rejects.toMatchObject({ code: "interrupted", exitCode: 130 });
  });
});
