import type { Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { memberName } from "../istio/names.ts";

/** Where one workload and its sidecar listen. */
export interface WorkloadAddress {
  readonly namespace: string;
  readonly service: string;
  /** Absent for the baseline. */
  readonly virtualCluster?: string;
  /** The address or DNS name at which other sidecars reach this workload's sidecar. The sidecar binds an address as it is, and a name as 0.0.0.0. */
  readonly host: string;
  /** By Service port: where the sidecar takes requests for the app, and where the app listens on 127.0.0.1. */
  readonly ports: Readonly<Record<number, { readonly inbound: number; readonly app: number }>>;
  /** By Service port of the mesh: where the sidecar takes the app's own calls, on 127.0.0.1. */
  readonly outbound: Readonly<Record<number, number>>;
  /** The port of Envoy's admin page, on 127.0.0.1. */
  readonly admin: number;
}

/** Where everything listens when no cluster gives out addresses. */
export interface EnvoyAddresses {
  readonly workloads: readonly WorkloadAddress[];
  /** A proxy through which a person enters the mesh; it knows every service. By Service port: where it listens. */
  readonly gateway?: { readonly host: string; readonly ports: Readonly<Record<number, number>>; readonly admin: number };
  /** By the name of an external host: where it really is, when that is not its DNS name and port. */
  readonly externalHosts?: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
}

const FIRST_INBOUND_PORT = 15_006;
const ADMIN_PORT = 15_000;

/**
 * Addresses for compose files, where each workload is a host of its own called `<service>` or `<service>-<virtual cluster>`, shares its network with its
 * sidecar, and resolves every host of the mesh to 127.0.0.1: the sidecar takes calls on the very ports that services have in the cluster.
 */
export function defaultAddresses(mesh: Mesh): EnvoyAddresses {
  const numbers = mesh.services.flatMap(({ ports }) => ports.filter(({ protocol }) => protocol !== "tcp").map(({ number }) => number));
  const outbound = Object.fromEntries([80, ...numbers, ...mesh.externalHosts.map(({ port }) => port)].map((port) => [port, port]));
  const workloads = mesh.services.flatMap((service): WorkloadAddress[] => {
    const ports = Object.fromEntries(
      service.ports.map(({ number, targetPort }, index) => {
        const app = targetPort ?? number;
        if (app in outbound) throw portConflict(`${service.namespace}/${service.name}`, app, outbound);
        return [number, { inbound: FIRST_INBOUND_PORT + index, app }];
      }),
    );
    const { name, namespace } = service;
    const virtualClusters = mesh.virtualClusters.filter(({ members }) =>
      members.some((member) => member.service === name && member.namespace === namespace),
    );
    return [undefined, ...virtualClusters.map((virtualCluster) => virtualCluster.name)].map((virtualCluster) => ({
      namespace,
      service: name,
      ...(virtualCluster === undefined ? {} : { virtualCluster }),
      host: hostNameOf(workloadName({ service: name, virtualCluster }), service, mesh),
      ports,
      outbound,
      admin: ADMIN_PORT,
    }));
  });
  return { workloads, gateway: { host: "0.0.0.0", ports: outbound, admin: ADMIN_PORT } };
}

/** The name of the workload's Deployment, and of its file. */
export function workloadName({
  service,
  virtualCluster,
}: {
  readonly service: string;
  readonly virtualCluster?: string | undefined;
}): string {
  return virtualCluster === undefined ? service : memberName(service, { name: virtualCluster });
}

/** Workloads of one name in two namespaces are told apart by their namespace. */
function hostNameOf(workload: string, { namespace }: Service, mesh: Mesh): string {
  const isElsewhereToo = mesh.services.some((other) => other.namespace !== namespace && namesOf(other, mesh).includes(workload));
  return isElsewhereToo ? `${workload}.${namespace}` : workload;
}

function namesOf({ name, namespace }: Service, mesh: Mesh): readonly string[] {
  const clusters = mesh.virtualClusters.filter(({ members }) =>
    members.some((member) => member.service === name && member.namespace === namespace),
  );
  return [name, ...clusters.map((virtualCluster) => memberName(name, virtualCluster))];
}

function portConflict(service: string, port: number, taken: Readonly<Record<number, number>>): MeshConfigError {
  const free = [8080, 8081, 8888, 3000, 9000].find((candidate) => !(candidate in taken)) ?? "one that no service has";
  return new MeshConfigError(
    "port-conflict",
    `service ${service}: its app listens on port ${port}, where its sidecar has to take calls for the services that have port ${port}; give the service's port a targetPort of its own, such as ${free}`,
  );
}
