import { type KubernetesResource, parseManifests } from "@puggle/mesh-config";
import { GENERATED_FILE_MARKER } from "@puggle/model";
import { readYamlFiles } from "./yaml-files.ts";

/**
 * What the cluster has already, from files and folders. Files that `puggle generate` wrote are left out: they say what the mesh file said then,
 * and their folder may well lie beside the manifests.
 */
export function readClusterManifests(paths: readonly string[]): readonly KubernetesResource[] {
  return parseManifests(readYamlFiles(paths).filter(({ text }) => !text.startsWith(GENERATED_FILE_MARKER)));
}

/** Kubernetes objects as files and folders say, whoever wrote them. */
export function readResources(paths: readonly string[]): readonly KubernetesResource[] {
  return parseManifests(readYamlFiles(paths));
}
