import type { Mesh } from "@puggle/model";
import { z } from "zod";
import { isDeployment, podLabelsOf, readDeployment } from "../kubernetes/deployment.ts";
import { isObject } from "../kubernetes/merge-patch.ts";
import { groupOf, type KubernetesResource, type Labels, matchesSelector, type ResourceReference, referTo } from "../kubernetes/resource.ts";
import { ROOT_NAMESPACE } from "../routing/compilation.ts";
import { isForeign } from "./cluster-state.ts";
import { buildIstioResources, type IstioOptions } from "./generate.ts";

/** A policy, or rules of a VirtualService for callers, that holds for a service's baseline by the labels of its pods, and not for its members, whose labels are others. */
export interface LostPolicy {
  readonly policy: ResourceReference;
  readonly service: string;
  readonly namespace: string;
  /** Those whose member it does not hold for, sorted. */
  readonly virtualClusters: readonly string[];
}

/** Where each kind of policy says which pods it is for. A NetworkPolicy knows expressions too. */
const SELECTORS: Readonly<Record<string, readonly string[]>> = {
  "networking.k8s.io/NetworkPolicy": ["podSelector"],
  "security.istio.io/AuthorizationPolicy": ["selector", "matchLabels"],
  "security.istio.io/PeerAuthentication": ["selector", "matchLabels"],
  "security.istio.io/RequestAuthentication": ["selector", "matchLabels"],
  "telemetry.istio.io/Telemetry": ["selector", "matchLabels"],
  "extensions.istio.io/WasmPlugin": ["selector", "matchLabels"],
  "extensions.istio.io/TrafficExtension": ["selector", "matchLabels"],
  "networking.istio.io/ProxyConfig": ["selector", "matchLabels"],
  "networking.istio.io/Sidecar": ["workloadSelector", "labels"],
  "networking.istio.io/EnvoyFilter": ["workloadSelector", "labels"],
  "networking.istio.io/DestinationRule": ["workloadSelector", "matchLabels"],
};

const stringMap = z.record(z.string(), z.string());
const podSelector = z.looseObject({
  matchLabels: stringMap.default({}),
  matchExpressions: z.array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) })).default([]),
});

interface Policy {
  readonly reference: ResourceReference;
  /** Istio's own namespace speaks for all others. */
  readonly isForEveryNamespace: boolean;
  readonly selects: (labels: Labels) => boolean;
}

/**
 * The policies among the manifests that select a baseline's pods and not those of its members: what guards or watches the one does not the others. Policies that are for
 * every pod hold for members too, and are not listed.
 */
export function findLostPolicies(mesh: Mesh, options: IstioOptions = {}): readonly LostPolicy[] {
  const manifests = options.manifests ?? [];
  const policies = manifests.filter(isForeign).flatMap(readPolicy);
  if (policies.length === 0) return [];
  return buildIstioResources(mesh, options).services.flatMap(({ service, baselineLabels, members }) => {
    const { name, namespace } = service;
    const labelsOf = [...members].map(([virtualCluster, resources]) => ({ virtualCluster, labels: podLabelsAmong(resources) }));
    return policies
      .filter(({ reference, isForEveryNamespace }) => isForEveryNamespace || reference.namespace === namespace)
      .filter(({ selects }) => selects(baselineLabels))
      .map(({ reference, selects }) => ({
        policy: reference,
        service: name,
        namespace,
        virtualClusters: labelsOf.filter(({ labels }) => !selects(labels)).map(({ virtualCluster }) => virtualCluster),
      }))
      .filter(({ virtualClusters }) => virtualClusters.length > 0);
  });
}

function podLabelsAmong(resources: readonly KubernetesResource[]): Labels {
  const deployment = resources.find(isDeployment);
  return deployment === undefined ? {} : podLabelsOf(readDeployment(deployment));
}

const rulesOfCallers = z.looseObject({
  http: z.array(z.looseObject({ match: z.array(z.looseObject({ sourceLabels: stringMap.optional() })).default([]) })).default([]),
});

/** Rules that are for callers with some labels, wherever those are. */
function readRulesOfCallers(resource: KubernetesResource): readonly Policy[] {
  const { http = [] } = rulesOfCallers.safeParse(resource.spec).data ?? {};
  const asked = http.flatMap(({ match }) =>
    match.flatMap(({ sourceLabels = {} }) => (Object.keys(sourceLabels).length === 0 ? [] : [sourceLabels])),
  );
  if (asked.length === 0) return [];
  const selects = (labels: Labels) => asked.some((one) => matchesSelector(one, labels));
  return [{ reference: referTo(resource), isForEveryNamespace: true, selects }];
}

function readPolicy(resource: KubernetesResource): readonly Policy[] {
  const group = groupOf(resource);
  if (group === "networking.istio.io" && resource.kind === "VirtualService") return readRulesOfCallers(resource);
  const path = SELECTORS[`${group}/${resource.kind}`];
  const found = path?.reduce<unknown>((value, field) => (isObject(value) ? value[field] : undefined), resource.spec);
  if (!isObject(found) || Object.keys(found).length === 0) return [];
  const reference = referTo(resource);
  const isForEveryNamespace = group.endsWith("istio.io") && reference.namespace === ROOT_NAMESPACE;
  const selector = podSelector.safeParse(resource.kind === "NetworkPolicy" ? found : { matchLabels: found });
  if (!selector.success) return [];
  const { matchLabels, matchExpressions } = selector.data;
  const selects = (labels: Labels) =>
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => holds(operator, values, labels[key]));
  return [{ reference, isForEveryNamespace, selects }];
}

/** An expression of a label selector (Kubernetes, LabelSelectorRequirement). */
function holds(operator: string, values: readonly string[], value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}
