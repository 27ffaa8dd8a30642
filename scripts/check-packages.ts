/** Checks what would be published: each package's exports resolve, for ES modules and CommonJS, with their types (publint, arethetypeswrong). */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = new URL("../packages/", import.meta.url);

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
}

let failures = 0;
for (const folder of (await readdir(root)).sort()) {
  const manifest: Manifest = JSON.parse(await readFile(new URL(`${folder}/package.json`, root), "utf8"));
  if (manifest.private) continue;
  const path = `packages/${folder}`;
  await check(manifest.name, "publint", ["run", "--strict", path]);
  if (manifest.exports !== undefined) await check(manifest.name, "attw", ["--pack", path, "--no-emoji", ...profileOf(manifest)]);
}
process.exitCode = failures === 0 ? 0 : 1;

/** A package without CommonJS is checked for what it offers: ES modules. JSON files have no types. */
function profileOf({ exports = {} }: Manifest): readonly string[] {
  const hasCommonJs = JSON.stringify(exports).includes('"require"');
  const json = Object.keys(exports).filter((entry) => entry.endsWith(".json"));
  return [...(hasCommonJs ? [] : ["--profile", "esm-only"]), ...(json.length > 0 ? ["--exclude-entrypoints", ...json] : [])];
}

async function check(name: string, tool: string, parameters: readonly string[]): Promise<void> {
  try {
    await run(`node_modules/.bin/${tool}`, [...parameters]);
    console.log(`${name}: ${tool} found nothing`);
  } catch (error) {
    failures++;
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    console.error(`${name}: ${tool} refuses it\n${stdout}${stderr}`);
  }
}
