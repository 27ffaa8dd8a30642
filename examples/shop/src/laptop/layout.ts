import { freePorts } from "@puggle/local-envoy";
import type { EnvoyAddresses, WorkloadAddress } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";

/** A baseline or a member: one process behind one sidecar. */
export interface Instance {
  /** `pricing`, or `pricing-team-blue`: as its Deployment is called in a cluster. */
  readonly name: string;
  readonly service: string;
  readonly virtualCluster: string | undefined;
  readonly address: WorkloadAddress;
}

/** Where everything of the shop listens on this machine. */
export interface Layout {
  readonly instances: readonly Instance[];
  readonly gateway: { readonly port: number; readonly admin: number };
  /** The ports of the hosts outside the mesh. */
  readonly outside: ReadonlyMap<string, number>;
}

const LOOPBACK = "127.0.0.1";

/** Gives every baseline, every member, the gateway and every host outside the mesh its ports on this machine. */
export async function layOut(mesh: Mesh): Promise<Layout> {
  const workloads = mesh.services.flatMap((service) => {
    const isMember = (member: { readonly namespace: string; readonly service: string }) =>
      member.namespace === service.namespace && member.service === service.name;
    const members = mesh.virtualClusters.filter((virtualCluster) => virtualCluster.members.some(isMember));
    return [undefined, ...members.map(({ name }) => name)].map((virtualCluster) => ({ service, virtualCluster }));
  });
  const calledPorts = [
    ...mesh.services.flatMap(({ ports }) => ports.map(({ number }) => number)),
    ...mesh.externalHosts.map(({ port }) => port),
  ];
  const outboundPorts = [...new Set(calledPorts)];
  const wanted = workloads.reduce(
    (sum, { service }) => sum + 1 + outboundPorts.length + 2 * service.ports.length,
    2 + mesh.externalHosts.length,
  );
  const free = (await freePorts(wanted)).values();
  const take = () => Number(free.next().value);
  return {
    gateway: { port: take(), admin: take() },
    outside: new Map(mesh.externalHosts.map(({ host }) => [host, take()])),
    instances: workloads.map(({ service: { name, namespace, ports }, virtualCluster }) => ({
      name: virtualCluster === undefined ? name : `${name}-${virtualCluster}`,
      service: name,
      virtualCluster,
      address: {
        namespace,
        service: name,
        ...(virtualCluster === undefined ? {} : { virtualCluster }),
        host: LOOPBACK,
        ports: Object.fromEntries(ports.map(({ number }) => [number, { inbound: take(), app: take() }])),
        outbound: Object.fromEntries(outboundPorts.map((port) => [port, take()])),
        admin: take(),
      },
    })),
  };
}

/** The layout as the generator takes it. */
export function addressesOf({ instances, gateway, outside }: Layout): EnvoyAddresses {
  return {
    workloads: instances.map(({ address }) => address),
    gateway: { host: LOOPBACK, ports: { 80: gateway.port }, admin: gateway.admin },
    externalHosts: Object.fromEntries([...outside].map(([host, port]) => [host, { host: LOOPBACK, port }])),
  };
}
