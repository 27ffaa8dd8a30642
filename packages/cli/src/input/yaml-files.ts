import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../cli-error.ts";
import { EXIT_CODES } from "../exit-code.ts";

/** A file's name, as it was given or found, and its text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

const MANIFEST_NAME = /\.(?:ya?ml|json)$/;
const HIDDEN_PART = /(?:^|\/)\.[^/]/;

/**
 * Reads the named files, and every YAML and JSON file in the named folders, sorted by name in each folder; hidden ones are left out.
 *
 * @throws {@link CliError} `missing-manifest`, naming each path that can not be read
 */
export function readYamlFiles(paths: readonly string[]): readonly TextFile[] {
  const files: TextFile[] = [];
  const problems: { path: string; message: string }[] = [];
  const attempt = (path: string, read: () => void) => {
    try {
      read();
    } catch (error) {
      problems.push({ path, message: reasonOf(error) });
    }
  };
  for (const path of paths) {
    attempt(path, () => {
      for (const file of listFiles(path)) attempt(file, () => files.push({ path: file, text: readFileSync(file, "utf8") }));
    });
  }
  if (problems.length > 0)
    throw new CliError("missing-manifest", EXIT_CODES.badInput, "some manifests can not be read; check the paths", problems);
  return files;
}

function listFiles(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => MANIFEST_NAME.test(name) && !HIDDEN_PART.test(name))
    .sort()
    .map((name) => join(path, name))
    .filter((file) => !statSync(file).isDirectory());
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return code === "ENOENT" ? "there is no such file or folder" : `it can not be read (${code})`;
}
