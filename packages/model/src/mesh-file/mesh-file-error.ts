import { compareProblems, formatProblem, type MeshFileProblem } from "./problem.ts";

const MOST_PROBLEMS_PRINTED = 100;

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
    super(renderProblems(sorted));
    this.name = "MeshFileError";
    this.problems = sorted;
  }
}

function renderProblems(problems: readonly MeshFileProblem[]): string {
  const lines = problems.slice(0, MOST_PROBLEMS_PRINTED).map(formatProblem);
  if (problems.length > MOST_PROBLEMS_PRINTED) lines.push(`and ${problems.length - MOST_PROBLEMS_PRINTED} more problems`);
  return lines.join("\n");
}
