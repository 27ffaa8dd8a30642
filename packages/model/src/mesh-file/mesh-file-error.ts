import { compareProblems, formatProblems } from "../documents/index.ts";
import type { MeshFileProblem } from "./problem.ts";

/**
 * Thrown when mesh files can not be read as one mesh: every problem of every file at once, sorted by place.
 *
 * `message` prints one problem a line, at most 100 of them; {@link MeshFileError.problems} has them all.
 *
 * @example
 * ```ts
 * try {
 *   parseMesh([{ path: "mesh.yaml", text: "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservice: []\n" }]);
 * } catch (error) {
 *   if (error instanceof MeshFileError) console.error(error.message);
 *   // mesh.yaml:3:1: unknown key 'service' in a mesh file; did you mean 'services'?
 * }
 * ```
 */
export class MeshFileError extends Error {
  readonly code = "invalid-mesh-file";
  readonly problems: readonly MeshFileProblem[];

  constructor(problems: readonly MeshFileProblem[]) {
    const sorted = problems.toSorted(compareProblems);
    super(formatProblems(sorted));
    this.name = "MeshFileError";
    this.problems = sorted;
  }
}
