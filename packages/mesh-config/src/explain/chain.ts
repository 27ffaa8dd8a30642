import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import type { KubernetesResource, ResourceReference } from "../kubernetes/resource.ts";
import type { CompileOptions } from "../routing/compile.ts";
import { readRoutingResources, type Workload } from "../routing/istio-resources.ts";
import { type ExplainRequest, type Explanation, explainWith, KnownTables } from "./explain.ts";

/** A call that a service makes while it answers one. A name of a virtual cluster among its headers stands in the place of the one that the service was called with. */
export type ChainedCall = Omit<ExplainRequest, "from">;

export interface ChainOptions extends CompileOptions {
  /** Does this workload hand on the name that it was called with? All do when left out. */
  readonly isPropagating?: (workload: ResourceReference) => boolean;
}

/** One request of a chain, and what the workloads that it reaches go on to do. */
export interface ExplainedHop {
  readonly explanation: Explanation;
  /** One for each workload that may get the request; empty after the last call, and where the request reaches no workload. */
  readonly next: readonly NextHop[];
}

export interface NextHop {
  /** The workload that makes the next call. */
  readonly workload: ResourceReference;
  /** How often it is this one, from 0 to 1: of all requests that are sent as the one before. Pods that share one destination get their part by their number. */
  readonly probability: number;
  readonly hop: ExplainedHop;
}

/**
 * Follows a request through the services that it makes call each other: every workload that gets it makes the first of the calls, by its own sidecar, those that
 * get that make the second, and so on.
 *
 * @throws MeshConfigError `invalid-request` where a URL is none or not plain HTTP.
 *
 * @example
 * ```ts
 * const first = explainChain(resources, { from, url: "http://cart.shop/", headers: { "virtual-cluster-name": "pr-42" } }, [{ url: "http://pricing.shop/" }]);
 * first.next[0]?.hop.explanation.outcome; // what becomes of the call from cart to pricing
 * ```
 */
export function explainChain(
  resources: readonly KubernetesResource[],
  request: ExplainRequest,
  calls: readonly ChainedCall[],
  { clusterDomain, isPropagating = () => true }: ChainOptions = {},
): ExplainedHop {
  return follow({ tables: new KnownTables(readRoutingResources(resources, clusterDomain)), isPropagating }, request, calls);
}

interface Chain {
  readonly tables: KnownTables;
  readonly isPropagating: (workload: ResourceReference) => boolean;
}

function follow(chain: Chain, request: ExplainRequest, [call, ...rest]: readonly ChainedCall[]): ExplainedHop {
  const { tables, isPropagating } = chain;
  const explanation = explainWith(tables, request);
  if (call === undefined) return { explanation, next: [] };
  const next = explanation.destinations.flatMap((destination) => {
    const workloads = destination.workloads.flatMap((reference) => find(reference, tables.resources.workloads));
    const pods = workloads.reduce((sum, { replicas }) => sum + replicas, 0);
    return workloads.map(({ reference, labels, replicas }): NextHop => {
      const from = { kind: "sidecar" as const, namespace: reference.namespace, labels };
      const arrived = isPropagating(reference) ? explanation.headerOnArrival : null;
      const hop = follow(chain, { ...call, from, headers: headersOf(call, arrived) }, rest);
      return { workload: reference, probability: (destination.probability * replicas) / pods, hop };
    });
  });
  return { explanation, next };
}

function find(wanted: ResourceReference, workloads: readonly Workload[]): readonly Workload[] {
  return workloads.filter(({ reference }) => reference === wanted);
}

function headersOf({ headers = {} }: ChainedCall, arrived: string | null): NonNullable<ExplainRequest["headers"]> {
  const isSet = Object.keys(headers).some((name) => name.toLowerCase() === VIRTUAL_CLUSTER_HEADER);
  return isSet || arrived === null ? headers : { ...headers, [VIRTUAL_CLUSTER_HEADER]: arrived };
}
