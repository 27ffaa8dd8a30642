import { Option } from "commander";

/** The mesh file that commands read when `-f` is left out. */
export const DEFAULT_MESH_FILE = "mesh.yaml";

/** `-f`: where the mesh is described. */
export function meshFileOption(): Option {
  return new Option("-f, --file <path>", "the mesh file, or a folder of them").default(DEFAULT_MESH_FILE);
}

/** `--manifests`: what the cluster has already. */
export function manifestsOption(): Option {
  return new Option(
    "--manifests <path...>",
    "Kubernetes manifests (files or folders) of what the cluster has already: the baselines' Deployments, others' VirtualServices",
  );
}
