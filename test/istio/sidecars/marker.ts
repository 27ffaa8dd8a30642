import type { KubernetesResource } from "@puggle/mesh-config";

/** A host that nothing else has: once a proxy knows it, the proxy knows all that was said before it. What is said beside it may come later: istiod hears of each kind by itself. */
export interface Marker {
  readonly host: string;
  readonly resource: KubernetesResource;
}

export function makeMarker(number: number): Marker {
  const host = `marker-${number}.puggle.test`;
  const spec = { hosts: [host], gateways: ["mesh", "edge/edge"], http: [{ directResponse: { status: 200 } }] };
  const resource = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "marker", namespace: "istio-system" },
    spec,
  };
  return { host, resource };
}

/** Do these route configurations have the marker's host? */
export function isTold({ host }: Marker, sent: ReadonlyMap<string, unknown>): boolean {
  return [...sent.values()].some((configuration) => JSON.stringify(configuration).includes(`"${host}"`));
}
