import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { compareText, fileTooLarge, placeInText } from "../documents/index.ts";
import { GENERATED_FILE_MARKER } from "../generated-file.ts";
import type { Mesh } from "../schema.ts";
import { MeshFileError } from "./mesh-file-error.ts";
import { MESH_FILE_KIND } from "./mesh-file-kind.ts";
import { buildMesh } from "./parse-mesh.ts";
import type { MeshFileProblem, MeshFileProblemCode } from "./problem.ts";
import { MESH_FILE_MAX_BYTES, type MeshSource } from "./source-text.ts";

const MESH_FILE_NAME = /\.ya?ml$/;

type Reading = MeshSource | MeshFileProblem;

/**
 * Reads a mesh from one file, or from every `*.yaml` and `*.yml` file in a folder and the folders in it. In a folder, names that begin with a dot
 * are left out, and so are files that `puggle generate` wrote: its output may lie beside what it is made from.
 *
 * @param path - a file (a pipe will do) or a folder
 * @throws {@link MeshFileError} with every problem of every file, those that can not be read included
 *
 * @example
 * ```ts
 * const mesh = await readMesh("mesh.yaml");
 * console.log(mesh.virtualClusters.map(({ name }) => name));
 * ```
 */
export async function readMesh(path: string): Promise<Mesh> {
  const readings = await readAll(path);
  const sources = readings.filter((reading) => "text" in reading);
  const problems = readings.filter((reading) => "code" in reading);
  return buildMesh(sources, problems);
}

async function readAll(path: string): Promise<readonly Reading[]> {
  const paths = await listMeshFiles(path);
  if (paths === undefined) return [await readSource(path)];
  const readings = await Promise.all(paths.map(async (file) => await readSource(file, isGenerated)));
  const ofPeople = readings.filter((reading) => reading !== undefined);
  if (ofPeople.length > 0) return ofPeople;
  const message = `the folder holds no *.yaml or *.yml file${paths.length > 0 ? ", but for what puggle generated" : ""}`;
  throw new MeshFileError([{ ...startOf(path), code: "empty-folder", message, fix: "put a mesh file there, or name another folder" }]);
}

/** The files of a folder, or `undefined` where the path leads to no folder. */
async function listMeshFiles(path: string): Promise<readonly string[] | undefined> {
  try {
    return (await stat(path)).isDirectory() ? await listFolder(path) : undefined;
  } catch (error) {
    throw new MeshFileError([unreadable(path, error)]);
  }
}

async function listFolder(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith("."));
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listFolder(path);
      const isCandidate = MESH_FILE_NAME.test(entry.name) && (entry.isFile() || entry.isSymbolicLink());
      return isCandidate ? [path] : [];
    }),
  );
  return nested.flat().toSorted(compareText);
}

async function readSource(path: string): Promise<Reading>;
async function readSource(path: string, isLeftOut: (head: Buffer) => boolean): Promise<Reading | undefined>;
async function readSource(path: string, isLeftOut: (head: Buffer) => boolean = () => false): Promise<Reading | undefined> {
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of createReadStream(path)) {
      if (length === 0 && isLeftOut(chunk)) return undefined;
      chunks.push(chunk);
      length += chunk.length;
      if (length > MESH_FILE_MAX_BYTES) return fileTooLarge(path, MESH_FILE_KIND);
    }
    return decode(path, Buffer.concat(chunks));
  } catch (error) {
    return unreadable(path, error);
  }
}

function isGenerated(head: Buffer): boolean {
  return head.subarray(0, GENERATED_FILE_MARKER.length).toString("latin1") === GENERATED_FILE_MARKER;
}

function decode(path: string, bytes: Buffer): MeshSource | MeshFileProblem {
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const text = new TextDecoder("utf-8").decode(bytes);
    const place = placeInText({ path, text }, text.indexOf("\uFFFD"));
    return { ...place, code: "not-text", message: "the file is not UTF-8 text", fix: "save it as UTF-8" };
  }
}

function unreadable(path: string, error: unknown): MeshFileProblem {
  const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const [code, message, fix]: [MeshFileProblemCode, string, string] =
    reason === "ENOENT"
      ? ["missing-file", "there is no such file or folder", "check the path"]
      : ["unreadable-file", `the file can not be read (${reason})`, "check what it is, and its permissions"];
  return { ...startOf(path), code, message, fix };
}

function startOf(path: string): { path: string; line: number; column: number } {
  return { path, line: 1, column: 1 };
}
