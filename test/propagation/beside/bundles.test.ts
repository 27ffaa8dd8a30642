import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNamesToArrive } from "./contract.ts";
import { APP } from "./running-service.ts";
import { useServices } from "./services.ts";

const start = useServices();

const PRELOAD = ["--import", "@puggle/propagation/register"];

let folder: string;

beforeAll(() => {
  // Beside the service, so that what is left outside a bundle is found.
  folder = mkdtempSync(join(APP, "bundled-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Bundles the service with this library in it. */
async function bundle(format: "esm" | "cjs", external: readonly string[]): Promise<string> {
  const outfile = join(folder, `${format}-without-${external.join("-")}.${format === "esm" ? "mjs" : "cjs"}`);
  const require = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
  await build({
    entryPoints: [join(APP, "bundled.mjs")],
    outfile,
    format,
    external: [...external],
    bundle: true,
    platform: "node",
    minify: true,
    logLevel: "silent",
    ...(format === "esm" && { banner: { js: require } }),
  });
  return outfile;
}

describe.each(["esm", "cjs"] as const)("in a minified bundle of esbuild, %s,", (format) => {
  test("names arrive, with undici beside the bundle", async () => {
    const running = await start([await bundle(format, ["express", "undici"])]);
    await expectNamesToArrive(running);
    expect(await running.stop()).toBe("");
  });

  test("names arrive, with undici in the bundle and made known", async () => {
    const running = await start([await bundle(format, ["express"])], { ASKED_FOR: "instrument-undici" });
    await expectNamesToArrive(running);
    expect(await running.stop()).toBe("");
  });

  test("names arrive, with undici in the bundle and loaded before register()", async () => {
    const running = await start([await bundle(format, ["express"])]);
    await expectNamesToArrive(running);
    expect(await running.stop()).toBe("");
  });

  test("names arrive, with undici in the bundle, by the dispatcher that it shares with the undici that the preload knows", async () => {
    const running = await start([...PRELOAD, await bundle(format, ["express"])]);
    await expectNamesToArrive(running);
    expect(await running.stop()).toBe("");
  });

  test("names arrive once where the bundle has a copy and the preload another", async () => {
    const running = await start([...PRELOAD, await bundle(format, ["express", "undici"])]);
    await expectNamesToArrive(running);
    expect(await running.stop()).toBe("");
  });
});
