import type { Declared } from "../declarations.ts";
import { formatPlace, type MeshFileProblem } from "../problem.ts";

/** A cluster has one DNS domain, whichever file says it. */
export function findClusterDomainConflicts(clusterDomains: readonly Declared<string>[]): MeshFileProblem[] {
  const [first, ...others] = clusterDomains;
  if (first === undefined) return [];
  return others
    .filter(({ value }) => value !== first.value)
    .map((other) => ({
      ...other.place(),
      code: "conflicting-cluster-domain",
      message: `'clusterDomain' is "${other.value}" here and "${first.value}" at ${formatPlace(first.place())}`,
      fix: "say it in one file only",
    }));
}
