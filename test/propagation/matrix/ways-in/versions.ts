import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Of the folder of the tests: the code itself may run from a bundle.
const require = createRequire(join(process.cwd(), "package.json"));

/** The version of a package that is installed for these tests. */
export function versionOf(name: string): string {
  const folder = require.resolve.paths(name)?.map((each) => join(each, name));
  for (const each of folder ?? []) {
    try {
      return JSON.parse(readFileSync(join(each, "package.json"), "utf8")).version;
    } catch {}
  }
  throw new Error(`${name} is not installed`);
}
