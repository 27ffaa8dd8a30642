import { InvalidArgumentError, Option } from "commander";

/** The mesh file that commands read when `-f` is left out. */
export const DEFAULT_MESH_FILE = "mesh.yaml";

/** `-f`: where the mesh is described. */
export function meshFileOption(): Option {
  return new Option("-f, --file <path>", "the mesh file, or a folder of them").argParser(parsePath).default(DEFAULT_MESH_FILE);
}

/** Refuses the path without letters, which a script gives whose variable is not set. */
export function parsePath(path: string): string {
  if (path === "") throw new InvalidArgumentError("name a file or folder.");
  return path;
}

/** {@link parsePath} for an option that takes several. */
export function collectPaths(path: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, parsePath(path)];
}

/** `--manifests`: what the cluster has already. */
export function manifestsOption(): Option {
  return new Option(
    "--manifests <path...>",
    "Kubernetes manifests (files or folders) of what the cluster has already: the baselines' Deployments, others' VirtualServices",
  ).argParser(collectPaths);
}
