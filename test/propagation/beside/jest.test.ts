import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const JEST = join(dirname(createRequire(import.meta.url).resolve("jest/package.json")), "bin/jest.js");
const PROJECT = join(import.meta.dirname, "jest-project");

test("under Jest, in CommonJS tests and ES modules, names arrive, and the test files of a worker count in one place", async () => {
  const args = ["--experimental-vm-modules", JEST, "--runInBand", "--ci", "--rootDir", PROJECT];
  const { stderr } = await promisify(execFile)(process.execPath, args, {
    cwd: PROJECT,
    env: { PATH: process.env.PATH ?? "", NODE_NO_WARNINGS: "1" },
  });
  expect(stderr).toContain("3 passed, 3 total");
  expect(stderr).not.toContain("PuggleWarning");
  expect([...stderr.matchAll(/sent: (\d+)/g)].map(([, sent]) => Number(sent))).toEqual([6, 12, 18]);
});
