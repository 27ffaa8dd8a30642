import type { Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { identityOf, type KubernetesResource } from "../kubernetes/resource.ts";
import { MESH_GATEWAY, qualifyGateway } from "../routing/compilation.ts";
import { resolveHost } from "../routing/registry.ts";
import type { ClusterState } from "./cluster-state.ts";
import { hostOf, membersServiceName } from "./names.ts";

/**
 * Refuses to route a host that somebody else's VirtualService has. Sidecars take only one VirtualService a host and drop the other without a word; gateways
 * merge them in the order of their age, which nobody can see in a file.
 *
 * @throws MeshConfigError `virtual-service-exists`
 */
export function refuseForeignRoutes(services: readonly Service[], mesh: Mesh, { virtualServices }: ClusterState): void {
  const owners = new Map(services.flatMap((service) => hostsOf(service, mesh).map((host) => [host, service] as const)));
  for (const { reference, spec } of virtualServices) {
    const theirs = (spec.gateways ?? [MESH_GATEWAY]).map((gateway) => qualifyGateway(gateway, reference.namespace));
    for (const host of spec.hosts.map((name) => resolveHost(name, reference.namespace, mesh.clusterDomain))) {
      const taken = host.startsWith("*") ? [...owners.keys()].filter((own) => own.endsWith(host.slice(1))) : [host];
      for (const own of taken) {
        const service = owners.get(own);
        const shared = service === undefined ? undefined : theirs.find((gateway) => gatewaysOf(service).includes(gateway));
        if (service === undefined || shared === undefined) continue;
        const why =
          shared === MESH_GATEWAY
            ? "a sidecar takes only one VirtualService a host"
            : `gateway ${shared} would merge the two in the order of their age`;
        throw new MeshConfigError(
          "virtual-service-exists",
          `has the host ${host}${host === own ? "" : `, which takes in ${own},`} of service ${service.namespace}/${service.name}, and ${why}; remove it in favour of the generated one, ${fixFor(service)}or leave the service out of the mesh file`,
          reference,
        );
      }
    }
  }
}

/**
 * Refuses to make an object where somebody else has one of that kind and name: applying it would overwrite theirs.
 *
 * @throws MeshConfigError `object-exists`
 */
export function refuseToOverwrite(generated: readonly KubernetesResource[], { objects }: ClusterState): void {
  for (const resource of generated) {
    const existing = objects.get(identityOf(resource));
    if (existing === undefined) continue;
    throw new MeshConfigError(
      "object-exists",
      "is there already and not made by Puggle, which would make one of that name; rename one of the two",
      existing,
    );
  }
}

/** Without hosts and gateways of its own, a service needs no VirtualService of Puggle's. */
function fixFor({ hosts, gateways }: Service): string {
  return hosts.length + gateways.length === 0 ? "have the service routed by the mode matcher, which leaves theirs as it is, " : "";
}

function hostsOf(service: Service, mesh: Mesh): readonly string[] {
  const members = { name: membersServiceName(service), namespace: service.namespace };
  return [hostOf(service, mesh), hostOf(members, mesh), ...service.hosts];
}

function gatewaysOf({ gateways, namespace }: Service): readonly string[] {
  return [MESH_GATEWAY, ...gateways.map((gateway) => qualifyGateway(gateway, namespace))];
}
