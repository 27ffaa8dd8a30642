import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram } from "../program.ts";
import { renderBash } from "./bash.ts";
import { describeCommands } from "./command-words.ts";
import { renderFish } from "./fish.ts";
import { renderZsh } from "./zsh.ts";

const words = describeCommands(buildProgram({ out: () => undefined, err: () => undefined }, () => undefined));
const inShell = (shell: string, ...args: readonly string[]) =>
  spawnSync(shell, args, { cwd: folder, encoding: "utf8", env: { ...process.env, HOME: folder } });
const hasShell = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-completion-"));
  writeFileSync(join(folder, "mesh.yaml"), "");
  mkdirSync(join(folder, "manifests"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const COMMANDS = ["completion", "explain", "generate", "init", "net"];

describe("words", () => {
  it("are those of the command line itself", () => {
    expect(words.commands.map(({ name }) => name).sort()).toEqual(COMMANDS);
    const generate = words.commands.find(({ name }) => name === "generate");
    expect(generate?.options.find(({ flags }) => flags.includes("--target"))?.value).toEqual({
      kind: "choice",
      choices: ["istio", "envoy"],
    });
    expect(generate?.options.find(({ flags }) => flags.includes("--out"))?.value).toEqual({ kind: "folder" });
    expect(generate?.options.find(({ flags }) => flags.includes("--manifests"))?.value).toEqual({ kind: "file" });
  });
});

describe.skipIf(!hasShell("bash"))("the script for bash, in a real bash (Debian package bash)", () => {
  /** Asks as bash does on TAB: the words so far, the last of which is being typed. */
  function complete(...line: readonly string[]): string[] {
    const script = `${renderBash(words)}
COMP_WORDS=(${line.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${line.length - 1}
_puggle
printf '%s\\n' "\${COMPREPLY[@]}"
complete -p puggle >&2`;
    const { stdout, stderr } = inShell("bash", "--norc", "-c", script);
    expect(stderr).toBe("complete -F _puggle puggle\n");
    return stdout
      .split("\n")
      .filter((word) => word !== "")
      .sort();
  }

  it.each<[string, readonly string[], readonly string[]]>([
    ["commands", ["puggle", ""], ["--help", "--version", "-V", "-h", ...COMMANDS]],
    ["a command that was begun", ["puggle", "gen"], ["generate"]],
    ["options", ["puggle", "generate", "--d"], ["--dry-run"]],
    ["a choice", ["puggle", "generate", "--target", ""], ["envoy", "istio"]],
    ["an action", ["puggle", "net", ""], ["apply", "clear", "show"]],
    ["a choice after =", ["puggle", "generate", "--target", "=", "en"], ["envoy"]],
    ["a choice right after =", ["puggle", "generate", "--target", "="], ["envoy", "istio"]],
    ["a file", ["puggle", "generate", "-f", "me"], ["mesh.yaml"]],
    ["a folder", ["puggle", "generate", "-o", ""], ["manifests"]],
    ["an argument with choices", ["puggle", "completion", ""], ["bash", "fish", "zsh"]],
    ["nothing where the value is free", ["puggle", "explain", "--from", ""], []],
    ["nothing for an unknown command", ["puggle", "zebra", ""], []],
  ])("offers %s", (_what, line, expected) => {
    expect(complete(...line)).toEqual(expected);
  });
});

describe.skipIf(!hasShell("fish"))("the script for fish, in a real fish (Debian package fish)", () => {
  const complete = (line: string) => {
    const script = `${renderFish(words)}\ncomplete -C '${line}'`;
    const { stdout } = inShell("fish", "--no-config", "-c", script);
    return stdout.split("\n").flatMap((one) => (one === "" ? [] : [one.split("\t")[0]]));
  };

  it.each<[string, string, readonly string[]]>([
    ["commands", "puggle ", COMMANDS],
    ["options", "puggle generate --d", ["--dry-run"]],
    ["a choice", "puggle generate --target ", ["envoy", "istio"]],
    ["a file", "puggle generate -f me", ["mesh.yaml"]],
    ["a folder", "puggle generate -o ", ["manifests/"]],
    ["an argument with choices", "puggle completion ", ["bash", "fish", "zsh"]],
  ])("offers %s", (_what, line, expected) => {
    expect(complete(line)).toEqual(expected);
  });
});

describe.skipIf(!hasShell("zsh"))("the script for zsh, in a real zsh (Debian package zsh)", () => {
  it("is a script", () => {
    expect(inShell("zsh", "-f", "-n", "-c", renderZsh(words))).toMatchObject({ status: 0, stderr: "" });
  });

  it("registers itself when it is sourced", () => {
    const script = `autoload -Uz compinit; compinit -D -u\n${renderZsh(words)}\nprint -r -- $_comps[puggle]`;
    expect(inShell("zsh", "-f", "-c", script).stdout).toBe("_puggle\n");
  });
});
