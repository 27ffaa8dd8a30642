import type { Mesh } from "@puggle/model";
import { identityOf } from "./istio/cluster-state.ts";
import { describeBaselines } from "./istio/described-baselines.ts";
import { generateIstio, type IstioOptions } from "./istio/generate.ts";
import type { KubernetesResource } from "./kubernetes/resource.ts";

/**
 * The generated objects beside what the cluster holds: the given manifests, and the mesh file's word for what they leave out. It is for deciding where
 * requests go, which needs no image: a member that names none has a stand-in.
 */
export function resourcesOf(mesh: Mesh, options: IstioOptions = {}): readonly KubernetesResource[] {
  const byIdentity = new Map<string, KubernetesResource>();
  for (const resource of [...describeBaselines(mesh), ...(options.manifests ?? []), ...generateIstio(withImages(mesh), options)]) {
    byIdentity.set(identityOf(resource), resource);
  }
  return [...byIdentity.values()];
}

function withImages(mesh: Mesh): Mesh {
  const virtualClusters = mesh.virtualClusters.map((virtualCluster) => ({
    ...virtualCluster,
    members: virtualCluster.members.map((member) => ({ ...member, image: member.image ?? member.service })),
  }));
  return { ...mesh, virtualClusters };
}
