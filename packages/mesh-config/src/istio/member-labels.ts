import type { Mesh, Service } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { type Deployment, podLabelsOf } from "../kubernetes/deployment.ts";
import { VERSION_LABEL } from "../kubernetes/labels.ts";
import { formatReference, type Labels, matchesSelector } from "../kubernetes/resource.ts";
import { type ClusterState, type PodSelector, selectorKeysOf } from "./cluster-state.ts";

/** Who selects pods in each namespace: the services of the mesh file, and the Services and PodDisruptionBudgets among the manifests. */
export class PodSelectors {
  readonly #byNamespace: ReadonlyMap<string, readonly PodSelector[]>;
  /** By the first label that a selector looks for, so that thousands of members are not held against thousands of selectors. */
  readonly #byLabel: ReadonlyMap<string, readonly PodSelector[]>;

  constructor(services: readonly Service[], { selectors }: ClusterState) {
    const all = [...services.map(ofService), ...[...selectors.values()].flat()];
    this.#byNamespace = Map.groupBy(all, ({ reference }) => reference.namespace);
    this.#byLabel = Map.groupBy(all, ({ reference, matchLabels }) => {
      const [first] = Object.entries(matchLabels);
      return first === undefined ? "" : labelKey(reference.namespace, ...first);
    });
  }

  /** The labels by which anybody selects the baseline's pods, or might. A member must not carry them on. */
  keysThatSelect(service: Service, baseline: Deployment): readonly string[] {
    const labels = podLabelsOf(baseline);
    const selecting = (this.#byNamespace.get(service.namespace) ?? []).filter(
      (selector) => matchesSelector(selector.matchLabels, labels) || hasExpressions(selector),
    );
    return [...Object.keys(service.selector), ...selectorKeysOf(baseline), ...selecting.flatMap(({ keys }) => keys), VERSION_LABEL];
  }

  /** @throws MeshConfigError `member-selected` where something that was written for others selects a member's pods. */
  refuseIfSelected(service: Service, virtualCluster: Mesh["virtualClusters"][number], labels: Labels): void {
    for (const [key, value] of Object.entries(labels)) {
      const found = (this.#byLabel.get(labelKey(service.namespace, key, value)) ?? []).find((selector) =>
        matchesSelector(selector.matchLabels, labels),
      );
      if (found === undefined) continue;
      throw new MeshConfigError(
        "member-selected",
        `${service.name} in virtual cluster ${virtualCluster.name} would have the label ${key}: ${value}, and ${formatReference(found.reference)} selects by it; its pods would take that one's traffic or count as its own. Change the selector, or the member's overrides`,
      );
    }
  }
}

function ofService({ name, namespace, selector }: Service): PodSelector {
  return { reference: { kind: "Service", namespace, name }, matchLabels: selector, keys: Object.keys(selector) };
}

function hasExpressions({ matchLabels, keys }: PodSelector): boolean {
  return keys.length > Object.keys(matchLabels).length;
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace} ${key}=${value}`;
}
