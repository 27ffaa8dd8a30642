import type { Mesh } from "@puggle/model";
import { describeBaselines } from "./istio/described-baselines.ts";
import { generateIstio, type IstioOptions } from "./istio/generate.ts";
import { type KubernetesResource, lastOfEach } from "./kubernetes/resource.ts";

/**
 * The generated objects beside what the cluster holds: the given manifests, and the mesh file's word for what they leave out. It is for deciding where
 * requests go, which needs no image: a member that names none has a stand-in.
 */
export function resourcesOf(mesh: Mesh, options: IstioOptions = {}): readonly KubernetesResource[] {
  return resourcesAsGenerated(withImages(mesh), options);
}

/**
 * The same with the very objects that are generated.
 *
 * @throws MeshConfigError where nothing says which image a member runs
 */
export function resourcesAsGenerated(mesh: Mesh, options: IstioOptions = {}): readonly KubernetesResource[] {
  return lastOfEach([...describeBaselines(mesh), ...(options.manifests ?? []), ...generateIstio(mesh, options)]);
}

function withImages(mesh: Mesh): Mesh {
  const virtualClusters = mesh.virtualClusters.map((virtualCluster) => ({
    ...virtualCluster,
    members: virtualCluster.members.map((member) => ({ ...member, image: member.image ?? member.service })),
  }));
  return { ...mesh, virtualClusters };
}
