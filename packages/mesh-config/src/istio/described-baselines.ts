import type { Mesh } from "@puggle/model";
import { VERSION_LABEL } from "../kubernetes/labels.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { servicePorts } from "../kubernetes/service-ports.ts";

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
          ports: servicePorts(ports),
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
