import type { ExternalHost } from "@puggle/model";
import { z } from "zod";
import { type Deployment, isDeployment, readDeployment } from "../kubernetes/deployment.ts";
import { MANAGED_BY, MANAGED_BY_LABEL } from "../kubernetes/labels.ts";
import { identityOf, type KubernetesResource, type Labels, type ResourceReference, referTo } from "../kubernetes/resource.ts";
import { type KubernetesService, type RoutingResources, readRoutingResources } from "../routing/istio-resources.ts";

/** Something that selects pods by their labels, and was written for the baseline. */
export interface PodSelector {
  readonly reference: ResourceReference;
  /** What decides; expressions are not weighed. */
  readonly matchLabels: Labels;
  /** Every label that it looks at, by value or otherwise. */
  readonly keys: readonly string[];
}

/** What the given manifests say of the cluster, as far as generation has to heed it. What Puggle made itself is left out. */
export interface ClusterState {
  /** All of them, as they were given. */
  readonly foreign: readonly KubernetesResource[];
  readonly services: ReadonlyMap<string, KubernetesService>;
  readonly virtualServices: RoutingResources["virtualServices"];
  readonly destinationRules: RoutingResources["destinationRules"];
  readonly sidecars: RoutingResources["sidecars"];
  /** By namespace. */
  readonly deployments: ReadonlyMap<string, readonly Deployment[]>;
  /** Workloads of a kind that members are not cloned from. By namespace. */
  readonly otherWorkloads: ReadonlyMap<string, readonly { readonly reference: ResourceReference; readonly labels: Labels }[]>;
  /** By namespace. */
  readonly selectors: ReadonlyMap<string, readonly PodSelector[]>;
  /** Hosts of ServiceEntries that are outside the mesh, on the ports that speak HTTP. */
  readonly externalHosts: readonly ExternalHost[];
  /** Hosts of all ServiceEntries, whatever is spoken there. */
  readonly serviceEntryHosts: readonly string[];
  /** By kind, namespace and name. */
  readonly objects: ReadonlyMap<string, ResourceReference>;
}

const disruptionBudget = z.looseObject({
  selector: z
    .looseObject({
      matchLabels: z.record(z.string(), z.string()).default({}),
      matchExpressions: z.array(z.looseObject({ key: z.string() })).default([]),
    })
    .optional(),
});

/** Is it somebody else's, and not made by Puggle? */
export function isForeign({ metadata }: KubernetesResource): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] !== MANAGED_BY;
}

export function readClusterState(manifests: readonly KubernetesResource[], clusterDomain: string): ClusterState {
  const foreign = manifests.filter(isForeign);
  const routing = readRoutingResources(foreign, clusterDomain);
  const deployments = foreign.filter(isDeployment).map((resource) => readDeployment(resource));
  return {
    foreign,
    services: new Map(routing.services.map((service) => [`${service.reference.namespace}/${service.reference.name}`, service])),
    virtualServices: routing.virtualServices,
    destinationRules: routing.destinationRules,
    sidecars: routing.sidecars,
    deployments: Map.groupBy(deployments, ({ metadata }) => metadata.namespace ?? "default"),
    otherWorkloads: Map.groupBy(
      routing.workloads.filter(({ reference }) => reference.kind !== "Deployment"),
      ({ reference }) => reference.namespace,
    ),
    selectors: Map.groupBy([...serviceSelectors(routing), ...foreign.flatMap(budgetSelectors)], ({ reference }) => reference.namespace),
    externalHosts: routing.serviceEntries
      .filter(({ spec }) => spec.location !== "MESH_INTERNAL")
      .flatMap(({ spec }) =>
        spec.ports
          .filter(({ protocol }) => /^(http|http2|grpc)$/i.test(protocol))
          .flatMap(({ number }) => spec.hosts.map((host) => ({ host: host.toLowerCase(), port: number }))),
      ),
    serviceEntryHosts: routing.serviceEntries.flatMap(({ spec }) => spec.hosts.map((host) => host.toLowerCase())),
    objects: new Map(foreign.map((resource) => [identityOf(resource), referTo(resource)])),
  };
}

/** The labels that a Deployment's own selector looks at. */
export function selectorKeysOf({ spec }: Deployment): readonly string[] {
  return [...Object.keys(spec.selector?.matchLabels ?? {}), ...(spec.selector?.matchExpressions ?? []).map(({ key }) => key)];
}

function serviceSelectors({ services }: RoutingResources): readonly PodSelector[] {
  return services.map(({ reference, spec }) => ({ reference, matchLabels: spec.selector, keys: Object.keys(spec.selector) }));
}

function budgetSelectors(resource: KubernetesResource): readonly PodSelector[] {
  if (resource.kind !== "PodDisruptionBudget") return [];
  const selector = disruptionBudget.safeParse(resource.spec).data?.selector;
  if (selector === undefined) return [];
  const keys = [...Object.keys(selector.matchLabels), ...selector.matchExpressions.map(({ key }) => key)];
  return [{ reference: referTo(resource), matchLabels: selector.matchLabels, keys }];
}
