import { isObject } from "../kubernetes/merge-patch.ts";
import { mapContainers } from "../kubernetes/pod-spec.ts";

/**
 * A pod's spec without ports of the node: two pods can not have the same, so that a member would take the baseline's place on its node, or wait for one for ever.
 */
export function withoutHostPorts<Spec extends object>(spec: Spec): Spec {
  const { hostNetwork: _hostNetwork, ...rest } = spec as Spec & { hostNetwork?: unknown };
  return mapContainers(rest, withoutContainerHostPorts) as unknown as Spec;
}

function withoutContainerHostPorts(container: unknown): unknown {
  if (!isObject(container) || !Array.isArray(container.ports)) return container;
  const ports = container.ports.map((port: unknown) => {
    if (!isObject(port)) return port;
    const { hostPort: _hostPort, hostIP: _hostIP, ...rest } = port;
    return rest;
  });
  return { ...container, ports };
}
