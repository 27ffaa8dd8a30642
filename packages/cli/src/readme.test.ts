import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const README = new URL("../README.md", import.meta.url);
const MAIN = fileURLToPath(new URL("../bin/puggle.js", import.meta.url));
const SESSION = /(?<=^```console\n).*?(?=^```$)/gms;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-readme-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Types a session's commands again, in the folder that the sessions before it left. */
function replay(session: string): string {
  const commands = session.split("\n").flatMap((line) => (line.startsWith("$ ") ? [line.slice(2)] : []));
  return commands
    .map((command) => {
      const script = `puggle() { "${process.execPath}" "${MAIN}" "$@"; }\n{ ${command}; } 2>&1`;
      const { stdout } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "utf8", env: { PATH: process.env.PATH } });
      return `$ ${command}\n${stdout}`;
    })
    .join("");
}

describe("README.md", () => {
  // UPDATE_README=1 writes the sessions anew.
  it("shows each session as it really prints", () => {
    const written = readFileSync(README, "utf8");
    const real = written.replaceAll(SESSION, replay);
    expect(real).toContain("$ puggle explain");
    if (process.env.UPDATE_README !== undefined) writeFileSync(README, real);
    else expect(written).toBe(real);
  });
});
