import { compareText, findTextProblem, readYaml } from "../documents/index.ts";
import type { ExternalHost, Mesh, VirtualCluster } from "../schema.ts";
import { type Declarations, mergeDeclarations, readDeclarations } from "./declarations.ts";

import { MeshFileError } from "./mesh-file-error.ts";
import { MESH_FILE_KIND } from "./mesh-file-kind.ts";
import type { MeshFileProblem } from "./problem.ts";
import {
  findDuplicatePorts,
  findDuplicateServices,
  findDuplicateVirtualClusters,
  findEmptySelectors,
  findGeneratedNameCollisions,
  findHostConflicts,
  findSaidOnceConflicts,
  type ResolvedMember,
  resolveCalls,
  resolveMembers,
} from "./rules/index.ts";
import type { MeshSource } from "./source-text.ts";

/** The DNS domain of a cluster whose mesh files do not say one: Kubernetes' own default. */
export const DEFAULT_CLUSTER_DOMAIN = "cluster.local";

/**
 * Reads mesh files as one mesh: every default filled in, every reference resolved, everything sorted, so that neither the order of the files
 * nor that of their entries matters. Each source is YAML 1.2 (JSON is YAML too) with one or more documents.
 *
 * @param sources - the files' texts; `path` is what problems call them
 * @throws {@link MeshFileError} with every problem of every file
 *
 * @example
 * ```ts
 * const mesh = parseMesh([
 *   {
 *     path: "mesh.yaml",
 *     text: "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [{ name: cart }]\nvirtualClusters: [{ name: pr-42, members: [{ service: cart }] }]\n",
 *   },
 * ]);
 * mesh.virtualClusters[0].members[0].namespace; // "default"
 * ```
 */
export function parseMesh(sources: readonly MeshSource[]): Mesh {
  return buildMesh(sources, []);
}

/** {@link parseMesh}, where some files could not even be read: their problems are told together with those of the others. */
export function buildMesh(sources: readonly MeshSource[], unread: readonly MeshFileProblem[]): Mesh {
  const problems: MeshFileProblem[] = [...unread];
  const perDocument: Declarations[] = [];
  for (const source of sources.toSorted((a, b) => compareText(a.path, b.path))) {
    const textProblem = findTextProblem(source, MESH_FILE_KIND);
    if (textProblem === undefined) {
      const yaml = readYaml(source, MESH_FILE_KIND);
      problems.push(...yaml.problems);
      perDocument.push(...yaml.documents.map(readDeclarations));
    } else problems.push(textProblem);
  }
  const declared = mergeDeclarations(perDocument);
  const clusterDomain = declared.clusterDomains[0]?.value ?? DEFAULT_CLUSTER_DOMAIN;
  const hasAllServices = declared.hasAllServices && problems.length === 0;
  const calls = resolveCalls(declared.services, hasAllServices);
  const resolution = resolveMembers(declared.services, declared.virtualClusters, hasAllServices);
  problems.push(
    ...declared.problems,
    ...calls.problems,
    ...resolution.problems,
    ...findSaidOnceConflicts("clusterDomain", "conflicting-cluster-domain", declared.clusterDomains),
    ...findSaidOnceConflicts("memberRequests", "conflicting-member-requests", declared.memberRequests),
    ...findDuplicatePorts(declared.services),
    ...findDuplicateServices(declared.services),
    ...findDuplicateVirtualClusters(declared.virtualClusters),
    ...findEmptySelectors(declared.services),
    ...findGeneratedNameCollisions(declared.services, resolution.members),
    ...findHostConflicts(declared.services, declared.externalHosts, resolution.members, clusterDomain),
  );
  if (problems.length > 0) throw new MeshFileError(problems);

  return {
    clusterDomain,
    services: calls.services.toSorted(byNamespaceAndName),
    externalHosts: mergeExternalHosts(declared.externalHosts.map(({ value }) => value)),
    ...(declared.memberRequests[0] === undefined ? {} : { memberRequests: declared.memberRequests[0].value }),
    virtualClusters: resolveVirtualClusters(declared.virtualClusters, resolution.members),
  };
}

function resolveVirtualClusters(declared: Declarations["virtualClusters"], members: readonly ResolvedMember[]): VirtualCluster[] {
  const byCluster = Map.groupBy(members, ({ cluster }) => cluster);
  return declared
    .map((cluster) => {
      const own = (byCluster.get(cluster) ?? []).map(({ member }) => member);
      return {
        ...cluster.value,
        members: own.toSorted((a, b) => compareText(a.namespace, b.namespace) || compareText(a.service, b.service)),
      };
    })
    .toSorted((a, b) => compareText(a.name, b.name));
}

function mergeExternalHosts(externalHosts: readonly ExternalHost[]): ExternalHost[] {
  const unique = new Map(externalHosts.map((external) => [`${external.host}:${external.port}`, external]));
  return [...unique.values()].toSorted((a, b) => compareText(a.host, b.host) || a.port - b.port);
}

function byNamespaceAndName(a: { namespace: string; name: string }, b: { namespace: string; name: string }): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
