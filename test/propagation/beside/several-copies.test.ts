import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNamesToArrive } from "./contract.ts";
import { useServices } from "./services.ts";

const start = useServices();

const PACKAGE = dirname(createRequire(import.meta.url).resolve("@puggle/propagation/package.json"));
const IMPORT = ["--import", "@puggle/propagation/register"];
const REQUIRE = ["--require", "@puggle/propagation/register"];

let other: string;

beforeAll(() => {
  other = mkdtempSync(join(tmpdir(), "puggle-"));
  cpSync(join(PACKAGE, "dist"), join(other, "dist"), { recursive: true });
  const description = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  writeFileSync(join(other, "package.json"), JSON.stringify({ ...description, version: "0.99.0" }));
});

afterAll(() => rmSync(other, { recursive: true }));

test.each([
  ["once", () => [...IMPORT]],
  ["twice", () => [...IMPORT, ...IMPORT]],
  ["as an ES module and as CommonJS", () => [...IMPORT, ...REQUIRE]],
  ["from two versions", () => [...IMPORT, "--import", join(other, "dist/esm/register.js")]],
  [
    "from two versions, as ES modules and as CommonJS",
    () => [...IMPORT, ...REQUIRE, ...copies("--import", "esm"), ...copies("--require", "cjs")],
  ],
])("registered %s, names arrive once and there is nothing in the log", async (_, preload) => {
  for (const service of ["./service.mjs", "./service.cjs"]) {
    const running = await start([...preload(), service]);
    await expectNamesToArrive(running);
    expect(await running.stop()).toBe("");
  }
});

function copies(flag: string, format: string): string[] {
  return [flag, join(other, "dist", format, "register.js")];
}
