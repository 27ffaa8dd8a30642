import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "@puggle/mesh-config";
import { GENERATED_FILE_MARKER } from "@puggle/model";
import { CliError } from "../cli-error.ts";
import { EXIT_CODES } from "../exit-code.ts";
import type { Found } from "./plan.ts";

/**
 * Looks at what lies where a target's files go, `<folder>/<target>`; symbolic links are not followed.
 *
 * @throws {@link CliError} `can-not-write` where it can not be read
 */
export function scanOutput(folder: string, target: Target): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  const marker = `${GENERATED_FILE_MARKER} --target ${target}\``;

  function look(entry: Dirent, path: string): void {
    if (entry.isDirectory()) {
      found.set(path, { kind: "folder" });
      for (const inner of list(path)) look(inner, `${path}/${inner.name}`);
    } else if (!entry.isFile()) {
      found.set(path, { kind: "foreign", what: entry.isSymbolicLink() ? "a symbolic link" : "something that is no file" });
    } else {
      const text = readFileSync(join(folder, path), "utf8");
      found.set(path, text.startsWith(marker) ? { kind: "generated", text } : { kind: "foreign", what: "a file that puggle did not make" });
    }
  }

  const list = (path: string) => readdirSync(join(folder, path), { withFileTypes: true });
  try {
    for (const entry of list("")) if (entry.name === target) look(entry, target);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : String(error);
    if (code === "ENOENT") return found;
    throw new CliError(
      "can-not-write",
      EXIT_CODES.canNotWrite,
      `the output folder ${folder} can not be read (${code}); name another with -o`,
    );
  }
  return found;
}
