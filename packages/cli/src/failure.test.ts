import { MeshConfigError } from "@puggle/mesh-config";
import { MeshFileError } from "@puggle/model";
import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { CliError } from "./cli-error.ts";
import { describeFailure } from "./failure.ts";

const problem = { path: "m.yaml", line: 3, column: 7, code: "unknown-key", message: "unknown key 'x'", fix: "remove it" } as const;

describe("describeFailure", () => {
  it.each([
    ["a mesh file", new MeshFileError([problem]), 3, "m.yaml:3:7: unknown key 'x'; remove it\n1 problem\n", "invalid-mesh-file", [problem]],
    ["a manifest", new MeshConfigError("invalid-manifest", "a.yaml:1:1: no"), 3, "error: a.yaml:1:1: no\n", "invalid-manifest", []],
    ["a caller that is not there", new MeshConfigError("unknown-workload", "no such"), 2, "error: no such\n", "unknown-workload", []],
    [
      "wrong usage",
      new CommanderError(1, "commander.unknownOption", "error: unknown option '-x'"),
      2,
      "error: unknown option '-x'\n",
      "usage",
      [],
    ],
    [
      "a refusal with several reasons",
      new CliError("foreign-file", 4, "no", [{ path: "a", message: "b" }]),
      4,
      "error: no\n  a: b\n",
      "foreign-file",
      [{ path: "a", message: "b" }],
    ],
  ])("tells of %s", (_what, error, exitCode, text, code, problems) => {
    expect(describeFailure(error)).toEqual({
      exitCode,
      text,
      json: { error: { code, message: error.message.replace(/^error: /, ""), problems } },
    });
  });

  it.each([new TypeError("x is not a function"), "a string that was thrown"])("owns up to a defect", (error) => {
    const { exitCode, text, json } = describeFailure(error);
    expect(exitCode).toBe(70);
    expect(text).toMatch(/^internal error, a defect of puggle: /);
    expect(json.error.code).toBe("internal");
  });
});
