import { formatPlace } from "../../documents/index.ts";
import type { Declared } from "../declarations.ts";
import type { MeshFileProblem, MeshFileProblemCode } from "../problem.ts";

/** What the whole mesh has one of, such as the cluster's DNS domain, is the same whichever file says it. */
export function findSaidOnceConflicts(key: string, code: MeshFileProblemCode, declared: readonly Declared<unknown>[]): MeshFileProblem[] {
  const [first, ...others] = declared;
  if (first === undefined) return [];
  const said = JSON.stringify(first.value);
  return others
    .filter(({ value }) => JSON.stringify(value) !== said)
    .map((other) => ({
      ...other.place(),
      code,
      message: `'${key}' is ${JSON.stringify(other.value)} here and ${said} at ${formatPlace(first.place())}`,
      fix: "say it in one file only",
    }));
}
