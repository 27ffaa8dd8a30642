import type { ExternalHost } from "@puggle/model";
import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { MANAGED_BY, MANAGED_BY_LABEL } from "../kubernetes/labels.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { ROOT_NAMESPACE } from "../routing/compilation.ts";

/** The virtual host in which Istio's sidecars put everything that the mesh does not know (outbound policy ALLOW_ANY). */
export const PASSTHROUGH_VIRTUAL_HOST = "allow_any";

const BOUNDARY_NAME = "puggle-header-boundary";

/**
 * Takes the header off what leaves the mesh: a member's sidecar stamps whatever has no header, and a third party has no business with it. Stands in
 * Istio's root namespace, so it holds for all sidecars, those of services that no mesh file names too. Covers hosts that the mesh does not know, and the
 * given hosts where a ServiceEntry makes them known.
 */
export function buildHeaderBoundary(externalHosts: readonly ExternalHost[]): KubernetesResource {
  const virtualHosts = [PASSTHROUGH_VIRTUAL_HOST, ...externalHosts.map(({ host, port }) => `${host}:${port}`)];
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: BOUNDARY_NAME, namespace: ROOT_NAMESPACE, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
    spec: {
      configPatches: virtualHosts.map((name) => ({
        applyTo: "VIRTUAL_HOST",
        match: { context: "SIDECAR_OUTBOUND", routeConfiguration: { vhost: { name } } },
        patch: { operation: "MERGE", value: { request_headers_to_remove: [VIRTUAL_CLUSTER_HEADER] } },
      })),
    },
  };
}
