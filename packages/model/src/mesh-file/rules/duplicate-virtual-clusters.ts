import { formatPlace } from "../../documents/index.ts";
import type { Declared, DeclaredVirtualCluster } from "../declarations.ts";
import type { MeshFileProblem } from "../problem.ts";
import { FirstClaims } from "./first-claims.ts";

/** A virtual cluster's name is the header's value, so the whole mesh has it once. */
export function findDuplicateVirtualClusters(virtualClusters: readonly Declared<DeclaredVirtualCluster>[]): MeshFileProblem[] {
  const claims = new FirstClaims<Declared<DeclaredVirtualCluster>>();
  return virtualClusters.flatMap((cluster) => {
    const { name } = cluster.value;
    const first = claims.claim(name, cluster);
    if (first === undefined) return [];
    const message = `the virtual cluster '${name}' is already at ${formatPlace(first.place("name"))}`;
    return [{ ...cluster.place("name"), code: "duplicate-virtual-cluster", message, fix: "put their members together, or rename one" }];
  });
}
