import type { Mesh } from "@puggle/model";
import { generateIstio, type IstioOptions } from "./istio/generate.ts";
import { VERSION_LABEL } from "./kubernetes/labels.ts";
import { type KubernetesResource, referTo } from "./kubernetes/resource.ts";

/**
 * What the cluster is taken to hold beside the generated objects: each baseline's Service and pods as the mesh file describes them, and the external
 * hosts. For a reader that has no cluster at hand; none of it is ever written or applied.
 */
export function describeBaselines(mesh: Mesh): readonly KubernetesResource[] {
  return [
    ...mesh.services.flatMap(({ name, namespace, ports, selector, baselineVersion }): readonly KubernetesResource[] => [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace },
        spec: {
          selector,
          ports: ports.map((port) => ({ port: port.number, targetPort: port.targetPort ?? port.number, appProtocol: port.protocol })),
        },
      },
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace },
        spec: { template: { metadata: { labels: { ...selector, [VERSION_LABEL]: baselineVersion } } } },
      },
    ]),
    ...mesh.externalHosts.map(
      ({ host, port }): KubernetesResource => ({
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: host, namespace: "" },
        spec: { hosts: [host], location: "MESH_EXTERNAL", ports: [{ number: port, name: "http", protocol: "HTTP" }] },
      }),
    ),
  ];
}

/** The generated objects beside what the cluster holds: the given manifests first, the mesh file's word for what they leave out. */
export function resourcesOf(mesh: Mesh, options: IstioOptions = {}): readonly KubernetesResource[] {
  const resources = [...generateIstio(mesh, options), ...(options.manifests ?? [])];
  const known = new Set(resources.map(identityOf));
  return [...resources, ...describeBaselines(mesh).filter((resource) => !known.has(identityOf(resource)))];
}

function identityOf(resource: KubernetesResource): string {
  const { kind, namespace, name } = referTo(resource);
  return `${kind} ${namespace}/${name}`;
}
