import { type Compilation, MESH_GATEWAY, qualifyGateway } from "./compilation.ts";
import { resolveHost } from "./registry.ts";
import type { VirtualService } from "./rules/delegates.ts";
import { VISIBILITIES, visibilityFrom } from "./visibility.ts";

/** A VirtualService with the full names of its hosts. */
export interface BoundVirtualService {
  readonly owner: VirtualService;
  readonly hosts: readonly string[];
}

/** Those that a proxy sees, is told of, and that are bound to it: by how they are seen, then the oldest first. */
export function bindVirtualServices(
  { resources, proxy, scope }: Pick<Compilation, "resources" | "proxy" | "scope">,
  isBound: (gateways: readonly string[]) => boolean,
): readonly BoundVirtualService[] {
  const seen = [...resources.virtualServices].sort(byAgeAndName).map((owner) => ({
    owner,
    visibility: visibilityFrom(proxy.namespace, { exportTo: owner.spec.exportTo, ownNamespace: owner.reference.namespace }),
  }));
  return VISIBILITIES.flatMap((wanted) => seen.filter(({ visibility }) => visibility === wanted))
    .filter(({ owner }) => isBound(gatewaysOf(owner)))
    .map(({ owner }) => {
      const hosts = owner.spec.hosts.map((name) => resolveHost(name, owner.reference.namespace, resources.clusterDomain));
      return { owner, hosts: [...new Set(hosts)] };
    })
    .filter(({ owner, hosts }) => scope.takesInVirtualService(hosts, owner.reference.namespace));
}

/** The gateways of a VirtualService by their full names; `mesh` where it names none. */
function gatewaysOf({ reference, spec }: VirtualService): readonly string[] {
  return (spec.gateways ?? [MESH_GATEWAY]).map((gateway) => qualifyGateway(gateway, reference.namespace));
}

function byAgeAndName(a: VirtualService, b: VirtualService): number {
  const [left, right] = [a, b].map(({ created, reference }) => `${created} ${reference.name}.${reference.namespace}`) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Is a host this one, or one of those that a wildcard such as `*.shop.svc.cluster.local` takes in? */
export function takesIn(pattern: string, host: string): boolean {
  const lower = pattern.toLowerCase();
  return lower === host || (lower.startsWith("*") && host.endsWith(lower.slice(1)));
}
