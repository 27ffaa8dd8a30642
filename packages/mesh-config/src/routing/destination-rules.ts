import type { Labels } from "../kubernetes/resource.ts";
import { ROOT_NAMESPACE } from "./compilation.ts";
import type { DestinationRule, DestinationRuleSpec, RoutingResources, TrafficPolicySpec } from "./istio-resources.ts";
import { resolveHost } from "./registry.ts";
import type { MeshProxy } from "./table.ts";

/** What the DestinationRules of one host say together. */
export interface MergedRule {
  readonly trafficPolicy: TrafficPolicySpec | undefined;
  readonly subsets: DestinationRuleSpec["subsets"];
  readonly exportTo: ReadonlySet<string>;
  /** The pods that it is for, of callers; `undefined` for all. */
  readonly callers: Labels | undefined;
}

type RulesByHost = Map<string, MergedRule[]>;

const EVERYWHERE = "*";
const HERE = ".";

/** The DestinationRules that one proxy follows. */
export class DestinationRuleTable {
  readonly #proxy: MeshProxy;
  /** By namespace: what its own proxies see, and what others may see. */
  readonly #local = new Map<string, RulesByHost>();
  readonly #exported = new Map<string, RulesByHost>();

  constructor({ destinationRules, clusterDomain }: Pick<RoutingResources, "destinationRules" | "clusterDomain">, proxy: MeshProxy) {
    this.#proxy = proxy;
    for (const rule of [...destinationRules].sort(bySelectorAgeAndName)) {
      const { namespace } = rule.reference;
      const callers = rule.spec.workloadSelector?.matchLabels;
      const exportTo = new Set(callers === undefined ? (rule.spec.exportTo ?? []) : [HERE]);
      const host = resolveHost(rule.spec.host, namespace, clusterDomain);
      const isForAll = exportTo.size === 0 || exportTo.has(EVERYWHERE);
      const isForOwn = exportTo.has(HERE) || exportTo.has(namespace);
      if (isForAll || isForOwn) merge(rule, exportTo, callers, listOf(this.#local, namespace, host));
      if (!(exportTo.size === 1 && isForOwn)) merge(rule, exportTo, callers, listOf(this.#exported, namespace, host));
    }
  }

  /** The caller's namespace hides the service's, and that the root's; in each, a host's own rules hide those of wildcards. */
  find(host: string, serviceNamespace: string): MergedRule | undefined {
    const { namespace } = this.#proxy;
    const own = mostSpecific(this.#local.get(namespace), host);
    if (own !== undefined && (namespace !== ROOT_NAMESPACE || own.some(({ exportTo }) => exportTo.size === 1 && exportTo.has(HERE))))
      return this.#choose(own);
    for (const owner of [serviceNamespace, ROOT_NAMESPACE]) {
      const seen = mostSpecific(this.#exported.get(owner), host)?.filter(
        ({ exportTo }) => exportTo.size === 0 || exportTo.has(EVERYWHERE) || exportTo.has(namespace),
      );
      if (seen !== undefined && seen.length > 0) return this.#choose(seen);
    }
    return undefined;
  }

  /** One that is for these callers; else the last that is for all. */
  #choose(rules: readonly MergedRule[]): MergedRule | undefined {
    const { labels } = this.#proxy;
    const isForCaller = ({ callers }: MergedRule) =>
      callers !== undefined && Object.entries(callers).every(([key, value]) => labels[key] === value);
    return rules.find(isForCaller) ?? rules.findLast(({ callers }) => callers === undefined);
  }
}

function listOf(byNamespace: Map<string, RulesByHost>, namespace: string, host: string): MergedRule[] {
  const byHost = byNamespace.get(namespace) ?? new Map<string, MergedRule[]>();
  byNamespace.set(namespace, byHost);
  const rules = byHost.get(host) ?? [];
  byHost.set(host, rules);
  return rules;
}

/**
 * Rules of one host, with the same `exportTo` and selector, are one: subsets are joined, and of two of a name, as of two policies, the first counts. A rule that
 * is exported further than one before it is merged into that one.
 */
function merge({ spec }: DestinationRule, exportTo: ReadonlySet<string>, callers: Labels | undefined, into: MergedRule[]): void {
  let isApart = true;
  for (const [index, known] of into.entries()) {
    isApart = true;
    const isWider = known.exportTo.size > 0 && [...known.exportTo].every((name) => exportTo.has(name));
    if (!isSame(known.exportTo, exportTo) && !isWider) continue;
    if (known.callers !== undefined && callers !== undefined && !isSameLabels(known.callers, callers)) continue;
    isApart = (known.callers === undefined) !== (callers === undefined);
    const names = new Set(known.subsets.map(({ name }) => name));
    into[index] = {
      ...known,
      subsets: [...known.subsets, ...spec.subsets.filter(({ name }) => !names.has(name))],
      trafficPolicy: known.trafficPolicy ?? spec.trafficPolicy,
    };
  }
  if (isApart) into.push({ trafficPolicy: spec.trafficPolicy, subsets: spec.subsets, exportTo, callers });
}

function mostSpecific(rules: RulesByHost | undefined, host: string): readonly MergedRule[] | undefined {
  if (rules === undefined) return undefined;
  const exact = rules.get(host);
  if (exact !== undefined) return exact;
  const wildcards = [...rules.keys()].filter((name) => name.startsWith("*") && host.endsWith(name.slice(1)));
  const [longest] = wildcards.sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : rules.get(longest);
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name));
}

function isSameLabels(a: Labels, b: Labels): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function bySelectorAgeAndName(a: DestinationRule, b: DestinationRule): number {
  const key = ({ spec, created, reference }: DestinationRule) =>
    `${spec.workloadSelector === undefined ? 1 : 0} ${created} ${reference.name}.${reference.namespace}`;
  return key(a) < key(b) ? -1 : 1;
}
