import type { ExplainRequest } from "@puggle/mesh-config";
import { isDnsLabel, isVirtualClusterName } from "@puggle/model/grammar";
import { InvalidArgumentError } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT_CODES } from "../exit-code.ts";

/** A workload as the command line names it. */
export interface WorkloadName {
  readonly namespace?: string;
  readonly service: string;
  readonly virtualCluster?: string;
}

interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** Reads `[namespace/]service[@virtual-cluster]`. */
export function parseWorkload(value: string): WorkloadName {
  const [, namespace, service, virtualCluster] = /^(?:([^/@]+)\/)?([^/@]+)(?:@([^/@]+))?$/.exec(value) ?? [];
  const isValid =
    service !== undefined &&
    isDnsLabel(service) &&
    (namespace === undefined || isDnsLabel(namespace)) &&
    (virtualCluster === undefined || isVirtualClusterName(virtualCluster));
  if (!isValid) throw new InvalidArgumentError("write it as [namespace/]service[@virtual-cluster].");
  return { service, ...(namespace === undefined ? {} : { namespace }), ...(virtualCluster === undefined ? {} : { virtualCluster }) };
}

/** Reads `namespace/name`. */
export function parseGateway(value: string): ExplainRequest["from"] {
  const [, namespace] = /^([^/]+)\/[^/]+$/.exec(value) ?? [];
  if (namespace === undefined) throw new InvalidArgumentError("write it as namespace/name.");
  return { kind: "gateway", namespace, labels: {}, gateway: value };
}

/**
 * Finds the one service that is meant: where no namespace is said, the one that has it.
 *
 * @param services - those of the mesh, where a mesh file was read; without one, a service that says no namespace is in `default`
 * @throws {@link CliError} `unknown-service`
 */
export function findService(
  { namespace, service }: WorkloadName,
  services: readonly ServiceName[] | undefined,
): { namespace: string; service: string } {
  if (namespace !== undefined || services === undefined) return { namespace: namespace ?? "default", service };
  const [found, ...others] = services.filter(({ name }) => name === service);
  if (found !== undefined && others.length === 0) return { namespace: found.namespace, service };
  const known = [found, ...others].flatMap((one) => (one === undefined ? [] : [`${one.namespace}/${one.name}`]));
  const message =
    found === undefined
      ? `the mesh has no service called ${service}`
      : `the service ${service} exists in ${known.length} namespaces; write ${known.join(" or ")}`;
  throw new CliError("unknown-service", EXIT_CODES.usage, message);
}
