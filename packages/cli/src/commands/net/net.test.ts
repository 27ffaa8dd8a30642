import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runPuggle } from "../../run.ts";

/** More than any kernel numbers processes. */
const NO_PROCESS = "999999999";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-net-"));
  writeFileSync(join(folder, "good.yaml"), "egress: [{ delay: 10ms }]\n");
  writeFileSync(join(folder, "bad.yaml"), "egress: [{ delay: 10, loss: 200% }]\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function puggle(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly stderr: string }> {
  let stderr = "";
  const exitCode = await runPuggle(
    args.map((word) => word.replace("SPEC/", `${folder}/`)),
    { out: () => undefined, err: (text) => (stderr += text) },
  );
  return { exitCode, stderr: stderr.replaceAll(`${folder}/`, "SPEC/") };
}

describe("puggle net", () => {
  const own = `${process.pid}`;

  it.each<[string, readonly string[], number, string]>([
    ["no namespace", ["show"], 2, "error: name one network namespace: by --pid <pid>, --container <id> or --netns <path>"],
    ["two of them", ["show", "--pid", "7", "--netns", "/run/netns/a"], 2, "error: name one network namespace"],
    ["a process that is none", ["show", "--pid", "x"], 2, "error: option '--pid <pid>' argument 'x' is invalid. it is a whole number."],
    ["a process that is not there", ["show", "--pid", NO_PROCESS], 5, `error: there is no process ${NO_PROCESS}`],
    ["a file that is not there", ["clear", "--netns", "/nowhere"], 5, "error: there is no network namespace at /nowhere"],
    ["a file that is no namespace", ["clear", "--netns", "/etc/passwd"], 5, "error: /etc/passwd is no network namespace"],
    [
      "a container that is not there",
      ["show", "--container", "0123456789ab"],
      5,
      "error: no process here runs in a container with the id 0123456789ab",
    ],
    ["a container by too little of its id", ["show", "--container", "01"], 5, "error: no process here runs in a container with the id 01"],
    ["the host's own network", ["show", "--pid", own], 5, "error: that is the network of this host itself, and never touched"],
    [
      "a device that can be none",
      ["show", "--pid", own, "--device", "eth0 root"],
      2,
      "error: option '--device <name>' argument 'eth0 root'",
    ],
    ["apply without a spec", ["apply", "--pid", own], 2, "error: puggle net apply needs a spec: -f <path>"],
    ["show with a spec", ["show", "--pid", own, "-f", "SPEC/good.yaml"], 2, "error: puggle net show takes no --file"],
    ["clear that verifies", ["clear", "--pid", own, "--verify"], 2, "error: puggle net clear takes no --verify"],
    ["a duration without a unit", ["apply", "--pid", own, "-f", "SPEC/good.yaml", "--for", "10"], 2, "write it like 30s, 10m or 2h"],
    ["an action that is none", ["stop", "--pid", own], 2, "Allowed choices are apply, show, clear."],
  ])("refuses %s", async (_, args, exitCode, message) => {
    const result = await puggle("net", ...args);
    expect(result).toEqual({ exitCode, stderr: expect.stringContaining(message) });
  });
});
