import { qualifyGateway } from "../compilation.ts";
import type { WrittenVirtualService } from "../istio-resources.ts";
import type { RuleReference, Unread } from "../table.ts";
import { visibilityFrom } from "../visibility.ts";
import { joinNames, mergeMatches } from "./merge-matches.ts";
import type { HttpMatchSpec, HttpRuleSpec } from "./schema.ts";

/** A rule as it counts, and where it is written: in a VirtualService, or in one that it delegates to. Gateways have their full names. */
export interface PlacedRule {
  readonly rule: HttpRuleSpec;
  readonly source: RuleReference;
}

/** A VirtualService with the rules of those that it delegates to in their places. */
export interface VirtualService extends WrittenVirtualService {
  readonly rules: readonly PlacedRule[];
}

/**
 * Puts the rules of delegates in the places of the rules that name them. A VirtualService without hosts is nothing but a delegate.
 *
 * @param unread - gets each rule that leads to a delegate which is not there, or not to be seen; Istio leaves such a rule out.
 */
export function expandDelegates(written: readonly WrittenVirtualService[], unread: Unread[]): readonly VirtualService[] {
  const delegates = new Map(written.filter(isDelegate).map((delegate) => [keyOf(delegate.reference), delegate]));
  return written
    .filter((one) => !isDelegate(one))
    .map((root) => ({
      ...root,
      rules: placeRules(root).flatMap((placed): readonly PlacedRule[] => {
        const { delegate: named } = placed.rule;
        if (named === undefined) return [placed];
        const { reference } = root;
        const delegate = delegates.get(keyOf({ namespace: named.namespace || reference.namespace, name: named.name ?? "" }));
        const { exportTo } = delegate?.spec ?? {};
        const ownNamespace = delegate?.reference.namespace ?? "";
        if (delegate !== undefined && visibilityFrom(reference.namespace, { exportTo, ownNamespace }) !== undefined)
          return placeRules(delegate).flatMap((inner) => mergeRule(placed.rule, inner));
        const why = `there is no VirtualService ${named.namespace ?? reference.namespace}/${named.name} without hosts that it may see, so Istio leaves the rule out`;
        unread.push({ resource: reference, field: `spec.http.${placed.source.rule}.delegate`, why });
        return [];
      }),
    }));
}

function isDelegate({ spec }: WrittenVirtualService): boolean {
  return spec.hosts.length === 0;
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function placeRules({ reference, spec }: WrittenVirtualService): readonly PlacedRule[] {
  return spec.http.map((rule, index) => ({
    rule: rule.match === undefined ? rule : { ...rule, match: rule.match.map((match) => qualify(match, reference.namespace)) },
    source: { ...reference, rule: index, ruleName: rule.name },
  }));
}

function qualify(match: HttpMatchSpec, namespace: string): HttpMatchSpec {
  return match.gateways === undefined ? match : { ...match, gateways: match.gateways.map((name) => qualifyGateway(name, namespace)) };
}

/** Fields that the delegate's rule has from the root's where it has none of its own. */
const INHERITED = [
  "rewrite",
  "directResponse",
  "timeout",
  "retries",
  "fault",
  "mirror",
  "mirrorPercent",
  "mirrorPercentage",
  "mirrors",
  "corsPolicy",
  "headers",
] as const;

/** A rule of a delegate, narrowed by the rule that led to it; nothing where the two exclude each other. */
function mergeRule(root: HttpRuleSpec, { rule, source }: PlacedRule): readonly PlacedRule[] {
  const match = mergeMatches(root.match ?? [], rule.match ?? []);
  if (match === undefined) return [];
  const inherited = Object.fromEntries(INHERITED.flatMap((field) => (root[field] === undefined ? [] : [[field, root[field]]])));
  const name = joinNames(root.name, rule.name);
  return [{ rule: { ...inherited, ...rule, name, match: [...match] }, source }];
}
