import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { WayOut } from "./way.ts";

const require = createRequire(import.meta.url);

/** What a package says of itself. */
interface Manifest {
  readonly version: string;
  readonly engines?: { readonly node?: string };
}

function manifestOf(installedAs: string): Manifest {
  const path = require.resolve
    .paths(installedAs)
    ?.map((folder) => `${folder}/${installedAs}/package.json`)
    .find(isThere);
  if (path === undefined) throw new Error(`${installedAs} is not installed`);
  return JSON.parse(readFileSync(path, "utf8"));
}

function isThere(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The version of the package that has this way; `undefined` where Node.js itself has it. */
export function versionOf(way: WayOut): string | undefined {
  return way.package === undefined ? undefined : manifestOf(way.package).version;
}

/** Why a way does not exist on a version of Node.js, in the words of its package's `engines`; `undefined` where it does. */
export function whyNotOn(nodeVersion: string, way: WayOut): string | undefined {
  const needed = way.package === undefined ? way.since : oldestIn(manifestOf(way.package).engines?.node);
  return needed === undefined || compare(nodeVersion, needed) >= 0 ? undefined : `needs Node >= ${needed}`;
}

/** Of a range such as `^18.2 || >= 20.18.1` the last part: everything from there on. */
function oldestIn(range: string | undefined): string | undefined {
  return range === undefined ? undefined : />=\s*([\d.]+)\s*$/.exec(range)?.[1];
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
