import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BatchShell } from "./batch-shell.ts";

/** Does what `tc -force -batch -` does: counts lines, says nothing of those that went well, and goes on after those that did not. */
const TOOL = `#!/bin/sh
number=0
while read -r word rest; do
  number=$((number + 1))
  case $word in
    good) continue ;;
    show) echo "[{\\"$rest\\":1}]"; continue ;;
    much) head -c "$rest" /dev/zero | tr '\\0' x; echo; continue ;;
    bad) echo "RTNETLINK answers: $rest" >&2; echo "We have an error talking to the kernel" >&2 ;;
    end) echo "killed: $rest"; exit 1 ;;
    *) echo "Object \\"$word\\" is unknown, try \\"tc help\\"." >&2 ;;
  esac
  echo "Command failed -:$number" >&2
done
`;

describe("a resident tool", () => {
  let folder: string;
  let shell: BatchShell;
  const open = () => {
    shell = new BatchShell([join(folder, "tool")], "tc");
    return shell;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "puggle-batch-"));
    await writeFile(join(folder, "tool"), TOOL);
    await chmod(join(folder, "tool"), 0o755);
  });
  afterEach(() => shell.close());
  afterAll(() => rm(folder, { recursive: true }));

  it.each<[string, readonly string[], object]>([
    ["nothing of lines that went well", ["good", "good"], { output: "", refusals: [] }],
    ["nothing of no lines", [], { output: "", refusals: [] }],
    ["what it printed", ["show a"], { output: '[{"a":1}]\n', refusals: [] }],
    [
      "which line was refused, and why",
      ["good", "bad File exists", "good"],
      { output: "", refusals: [{ index: 1, message: "File exists" }] },
    ],
    [
      "each of several refusals",
      ["bad one", "good", "bad two"],
      {
        output: "",
        refusals: [
          { index: 0, message: "one" },
          { index: 2, message: "two" },
        ],
      },
    ],
  ])("answers %s", async (_what, lines, expected) => {
    const answer = await open().ask(lines);
    expect({ ...answer, output: answer.output.trimEnd() }).toEqual({
      ...expected,
      output: "output" in expected ? `${expected.output}`.trimEnd() : "",
    });
  });

  it("answers requests of the same time in their order, each with its own line numbers", async () => {
    open();
    const answers = await Promise.all([shell.ask(["show a"]), shell.ask(["good", "bad no"]), shell.ask([]), shell.ask(["bad yes"])]);
    expect(answers.map(({ output }) => output.trim())).toEqual(['[{"a":1}]', "", "", ""]);
    expect(answers.map(({ refusals }) => refusals)).toEqual([[], [{ index: 1, message: "no" }], [], [{ index: 0, message: "yes" }]]);
  });

  it("hands over all of a megabyte", async () => {
    const { output } = await open().ask(["much 1000000", "good"]);
    expect(output.trim()).toHaveLength(1_000_000);
  });

  it("refuses what it was asked, and what it is asked later, where it ends in the middle, and says why", async () => {
    open();
    const asked = [shell.ask(["good", "end by fate"]), shell.ask(["good"])];
    for (const result of await Promise.allSettled(asked)) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "tool-ended", message: expect.stringContaining("killed: by fate") },
      });
    }
    await expect(shell.ask(["good"])).rejects.toMatchObject({ code: "tool-ended" });
  });

  it("answers what was asked before it is closed", async () => {
    const answer = open().ask(["show a"]);
    await shell.close();
    expect((await answer).output.trim()).toBe('[{"a":1}]');
  });
});
