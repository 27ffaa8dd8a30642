import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { endOf, startResident } from "./resident-tool.ts";

describe("a resident tool", () => {
  it("does not end by signals that are for all of a group, and ends with its input", async () => {
    const tool = startResident(["sh", "-c", 'echo "$0"; cat'], "tc", []);
    await once(tool.stdout, "data");
    for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) tool.kill(signal);
    tool.stdin.write("still here\n");
    expect(String(await once(tool.stdout, "data"))).toContain("still here");
    tool.stdin.end();
    expect(await once(tool, "close")).toEqual([0, null]);
  });

  it.each([
    ["nsenter: failed to execute ipset: No such file or directory", "missing-tool", "ipset can not be started; install the package ipset"],
    ["sh: 1: exec: nsenter: not found", "missing-tool", "nsenter can not be started; install the package util-linux"],
    ["nsenter: reassociate to namespace 'ns/net' failed: Invalid argument", "no-namespace", "for no network"],
    ["Killed", "tool-ended", "ipset has ended in the network namespace, and is started again: Killed"],
  ])("that ended with %j is told as %s", (said, code, message) => {
    expect(endOf("ipset", said)).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
