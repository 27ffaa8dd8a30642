import type { GeneratedFile } from "@puggle/mesh-config";
import type { CliProblem } from "../cli-error.ts";

/** What lies at a path below the output folder. */
export type Found =
  /** A file that `puggle generate` wrote for the same target. */
  { readonly kind: "generated"; readonly text: string } | { readonly kind: "folder" } | { readonly kind: "foreign"; readonly what: string };

/** A generated file that stands in the folder already, with another text. */
interface ChangedFile extends GeneratedFile {
  readonly previous: string;
}

/** What has to happen so that the folder holds what is generated, and nothing that was generated before and no longer is. Sorted by path. */
export interface OutputPlan {
  readonly created: readonly GeneratedFile[];
  readonly changed: readonly ChangedFile[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** Where something that Puggle did not make is in the way. While there is any, nothing may be written. */
  readonly blocked: readonly CliProblem[];
}

/**
 * Compares what is generated with what a folder holds.
 *
 * @param found - by path, relative to the output folder with `/` between its parts; a file that is not ours is never removed
 */
export function planOutput(generated: readonly GeneratedFile[], found: ReadonlyMap<string, Found>): OutputPlan {
  const created: GeneratedFile[] = [];
  const changed: ChangedFile[] = [];
  const unchanged: string[] = [];
  const blocked = new Map<string, string>();
  for (const file of generated) {
    const obstacle = findObstacle(file.path, found);
    const present = found.get(file.path);
    if (obstacle !== undefined) blocked.set(obstacle.path, obstacle.message);
    else if (present?.kind !== "generated") created.push(file);
    else if (present.text === file.text) unchanged.push(file.path);
    else changed.push({ ...file, previous: present.text });
  }
  const wanted = new Set(generated.map(({ path }) => path));
  const removed = Array.from(found)
    .filter(([path, { kind }]) => kind === "generated" && !wanted.has(path))
    .map(([path]) => path);
  return { created, changed, removed: removed.sort(), unchanged, blocked: Array.from(blocked, ([path, message]) => ({ path, message })) };
}

function findObstacle(path: string, found: ReadonlyMap<string, Found>): CliProblem | undefined {
  const parts = path.split("/");
  for (let length = 1; length < parts.length; length++) {
    const folder = parts.slice(0, length).join("/");
    const present = found.get(folder);
    if (present !== undefined && present.kind !== "folder")
      return { path: folder, message: `${describe(present)} is where a folder belongs` };
  }
  const present = found.get(path);
  if (present === undefined || present.kind === "generated") return undefined;
  return { path, message: `${describe(present)} is where a generated file belongs` };
}

function describe(found: Found): string {
  return found.kind === "foreign" ? found.what : found.kind === "folder" ? "a folder" : "a generated file";
}
