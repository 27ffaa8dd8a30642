import { type Compilation, qualifyGateway } from "./compilation.ts";
import type { HttpMatchSpec, HttpRuleSpec, StringMatchSpec, VirtualService } from "./istio-resources.ts";
import type { HeaderMatch, QueryParameterMatch, Route, RouteMatch, RuleReference, StringMatch, WeightedCluster } from "./table.ts";
import { badPatternsOf } from "./uncompiled.ts";

export const EVERY_REQUEST: RouteMatch = { path: undefined, headers: [], queryParameters: [] };

/**
 * The routes of a VirtualService on one port, for callers bound by one of the gateways. Each entry of a rule's `match` is a route of its own, and nothing
 * after a rule that takes everything is reached.
 */
export function compileRoutes(
  virtualService: VirtualService,
  compilation: Compilation,
  port: number,
  gateways: readonly string[],
): readonly Route[] {
  const routes: Route[] = [];
  for (const [index, rule] of virtualService.spec.http.entries()) {
    const source: RuleReference = { ...virtualService.reference, rule: index, ruleName: rule.name };
    const matches = (rule.match ?? []).filter(
      (match) => badPatternsOf(match).length === 0 && isMeantFor(match, virtualService, compilation, port, gateways),
    );
    if ((rule.match ?? []).length > 0 && matches.length === 0) continue;
    const destinations = destinationsOf(rule, virtualService, compilation, port);
    const name = rule.name ?? "";
    for (const match of matches.length === 0 ? [EVERY_REQUEST] : matches.map(compileMatch)) {
      routes.push({ name, match, destinations, source });
      if (isCatchAll(match)) return routes;
    }
  }
  return routes;
}

function isMeantFor(
  match: HttpMatchSpec,
  { reference, spec }: VirtualService,
  { proxy }: Compilation,
  port: number,
  gateways: readonly string[],
): boolean {
  if (match.port !== undefined && match.port !== port) return false;
  const named = match.gateways ?? spec.gateways ?? gateways;
  if (!named.some((gateway) => gateways.includes(qualifyGateway(gateway, reference.namespace)))) return false;
  if (match.sourceNamespace !== undefined && match.sourceNamespace !== proxy.namespace) return false;
  return Object.entries(match.sourceLabels ?? {}).every(([key, value]) => proxy.labels[key] === value);
}

function destinationsOf(
  rule: HttpRuleSpec,
  { reference }: VirtualService,
  { clusters }: Compilation,
  port: number,
): readonly WeightedCluster[] {
  const destinations = rule.route ?? [];
  return destinations.map(({ destination, weight }) => ({
    cluster: clusters.use(
      {
        host: destination.host,
        port: destination.port?.number ?? clusters.defaultPort(destination.host, reference.namespace, port),
        subset: destination.subset,
      },
      reference.namespace,
    ),
    weight: destinations.length === 1 ? 1 : (weight ?? 0),
  }));
}

function compileMatch(match: HttpMatchSpec): RouteMatch {
  return {
    path: match.uri === undefined ? undefined : compileStringMatch(match.uri),
    headers: [
      ...pseudoHeader(":method", match.method),
      ...pseudoHeader(":authority", match.authority),
      ...pseudoHeader(":scheme", match.scheme),
      ...compileHeaders(match.headers, false),
      ...compileHeaders(match.withoutHeaders, true),
    ],
    queryParameters: Object.entries(match.queryParams ?? {}).map(
      ([name, condition]): QueryParameterMatch => ({ name, match: compileStringMatch(condition) ?? { kind: "present" } }),
    ),
  };
}

function pseudoHeader(name: string, condition: StringMatchSpec | undefined): readonly HeaderMatch[] {
  const match = condition === undefined ? undefined : compileStringMatch(condition);
  return match === undefined ? [] : [{ name, match, isInverted: false }];
}

function compileHeaders(conditions: Readonly<Record<string, StringMatchSpec>> | undefined, isInverted: boolean): readonly HeaderMatch[] {
  return Object.entries(conditions ?? {}).map(([name, condition]) => ({
    name: name.toLowerCase(),
    match: compileStringMatch(condition) ?? { kind: "present" },
    isInverted,
  }));
}

/** An empty match asks for presence only. */
function compileStringMatch({ exact, prefix, regex }: StringMatchSpec): StringMatch | undefined {
  if (exact !== undefined) return { kind: "exact", value: exact };
  if (prefix !== undefined) return { kind: "prefix", value: prefix };
  return regex === undefined ? undefined : { kind: "regex", value: regex };
}

/** Does a route with this match take every request? */
export function isCatchAll({ path, headers, queryParameters }: RouteMatch): boolean {
  return headers.length === 0 && queryParameters.length === 0 && (path === undefined || (path.kind === "prefix" && path.value === "/"));
}
