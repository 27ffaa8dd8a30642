import type { Port, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { type Deployment, podLabelsOf } from "../kubernetes/deployment.ts";
import { VERSION_LABEL } from "../kubernetes/labels.ts";
import { formatReference, type Labels, matchesSelector } from "../kubernetes/resource.ts";
import type { ClusterState } from "./cluster-state.ts";

/** A service as the mesh file names it and the cluster has it. */
export interface Baseline {
  /** The mesh file's word, with the Service's own selector and target ports where the Service is known. */
  readonly service: Service;
  readonly deployment: Deployment | undefined;
}

/**
 * Finds the Service and the Deployment of a service among the given manifests.
 *
 * @throws MeshConfigError `ports-differ` where the mesh file and the Service do not agree, `ambiguous-baseline` where several Deployments could be meant,
 * `unsupported-baseline` where the service runs as something else than a Deployment.
 */
export function findBaseline(service: Service, cluster: ClusterState, hasMembers: boolean): Baseline {
  const known = withClusterService(service, cluster);
  return { service: known, deployment: hasMembers ? findDeployment(known, cluster) : undefined };
}

function withClusterService(service: Service, { services }: ClusterState): Service {
  const found = services.get(`${service.namespace}/${service.name}`);
  if (found === undefined) return service;
  const { spec, reference } = found;
  const ports = service.ports.map((port): Port => {
    const actual = spec.ports.find(({ port: number }) => number === port.number);
    if (actual === undefined) {
      const there = spec.ports.map(({ port: number }) => number).join(", ");
      throw new MeshConfigError(
        "ports-differ",
        `has ${there === "" ? "no port" : `port ${there}`}, and the mesh file says ${port.number}; give the service the ports of its Service`,
        reference,
      );
    }
    const target = actual.targetPort ?? actual.port;
    if (typeof target !== "number") return port;
    if (port.targetPort !== undefined && port.targetPort !== target) {
      throw new MeshConfigError(
        "ports-differ",
        `sends port ${port.number} to ${target}, and the mesh file says ${port.targetPort}; leave targetPort out or make them agree`,
        reference,
      );
    }
    return { ...port, targetPort: target };
  });
  return { ...service, ports, selector: Object.keys(spec.selector).length > 0 ? spec.selector : service.selector };
}

function findDeployment(service: Service, { deployments, otherWorkloads }: ClusterState): Deployment | undefined {
  const id = `${service.namespace}/${service.name}`;
  const candidates = (deployments.get(service.namespace) ?? []).filter((deployment) => isBaseline(service, podLabelsOf(deployment)));
  const chosen = candidates.length === 1 ? candidates[0] : candidates.find(({ metadata }) => metadata.name === service.name);
  if (chosen !== undefined) return chosen;
  if (candidates.length > 1) {
    throw new MeshConfigError(
      "ambiguous-baseline",
      `service ${id}: its selector matches the Deployments ${candidates.map(({ metadata }) => metadata.name).join(", ")}; make the selector narrower, so that one is left`,
    );
  }
  const other = (otherWorkloads.get(service.namespace) ?? []).find(({ labels }) => isBaseline(service, labels));
  if (other === undefined) return undefined;
  throw new MeshConfigError(
    "unsupported-baseline",
    `service ${id} runs as ${formatReference(other.reference)}, and members are cloned from Deployments only; leave that manifest out to get a minimal Deployment instead`,
  );
}

function isBaseline(service: Service, labels: Labels): boolean {
  return matchesSelector(service.selector, labels) && (labels[VERSION_LABEL] ?? service.baselineVersion) === service.baselineVersion;
}
