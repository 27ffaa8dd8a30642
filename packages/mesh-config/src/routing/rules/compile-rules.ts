import type { Compilation, DestinationLookup } from "../compilation.ts";
import type { Route, WeightedCluster } from "../table.ts";
import { badPatternsOf } from "../uncompiled.ts";
import { compileAnswer } from "./answers.ts";
import { compileCors } from "./cors.ts";
import type { PlacedRule, VirtualService } from "./delegates.ts";
import { compileFault } from "./faults.ts";
import { compileForwarding, compileRetries } from "./forwarding.ts";
import { compileHeaderChanges, joinHeaderChanges } from "./header-changes.ts";
import { compileMatch, EVERY_REQUEST, isCatchAll } from "./matches.ts";
import type { HttpMatchSpec, HttpRuleSpec } from "./schema.ts";

/**
 * The routes of a VirtualService on one port, for callers bound by one of the gateways. Each entry of a rule's `match` is a route of its own, and nothing
 * after a rule that takes everything is reached.
 */
export function compileRules(
  { rules }: VirtualService,
  compilation: Compilation,
  port: number,
  gateways: readonly string[],
): readonly Route[] {
  const routes: Route[] = [];
  for (const placed of rules) {
    const { rule, source } = placed;
    const matches = (rule.match ?? []).filter(
      (match) => badPatternsOf(match).length === 0 && isMeantFor(match, compilation, port, gateways),
    );
    if ((rule.match ?? []).length > 0 && matches.length === 0) continue;
    const action = compileAction(placed, compilation, port);
    const entries = matches.length === 0 ? [undefined] : matches;
    for (const entry of entries) {
      const match = entry === undefined ? EVERY_REQUEST : compileMatch(entry);
      routes.push({ name: nameOf(rule, entry), match, ...action, source });
      if (isCatchAll(match)) return routes;
    }
  }
  return routes;
}

function nameOf({ name = "" }: HttpRuleSpec, entry: HttpMatchSpec | undefined): string {
  return entry?.name === undefined || entry.name === "" ? name : `${name}.${entry.name}`;
}

/** Where an entry names gateways, these alone count, and not who the caller is. */
function isMeantFor(match: HttpMatchSpec, { proxy }: Compilation, port: number, gateways: readonly string[]): boolean {
  if (match.port !== undefined && match.port !== 0 && match.port !== port) return false;
  if (match.gateways !== undefined && match.gateways.length > 0) return match.gateways.some((gateway) => gateways.includes(gateway));
  if (match.sourceNamespace !== undefined && match.sourceNamespace !== "" && match.sourceNamespace !== proxy.namespace) return false;
  return Object.entries(match.sourceLabels ?? {}).every(([key, value]) => proxy.labels[key] === value);
}

function compileAction({ rule, source }: PlacedRule, { clusters }: Compilation, port: number): Omit<Route, "name" | "match" | "source"> {
  const { changes, authority } = compileHeaderChanges(rule.headers);
  const common = { choice: undefined, headers: changes, fault: compileFault(rule.fault), cors: compileCors(rule.corsPolicy) };
  const answer = compileAnswer(rule, port);
  if (answer !== undefined) return { ...common, destinations: [], forwarding: undefined, answer };
  const lookUp: DestinationLookup = (destination) => clusters.lookUp(destination, source.namespace, port);
  const taking = takingDestinations(rule);
  const hashPolicies = taking.flatMap(({ destination }) => clusters.hashPoliciesOf(destination, source.namespace));
  const only = rule.route?.length === 1 ? compileHeaderChanges(rule.route[0]?.headers) : undefined;
  const forwarding = compileForwarding(rule, authority, lookUp);
  return {
    ...common,
    headers: only === undefined ? changes : joinHeaderChanges(changes, only.changes),
    destinations:
      only === undefined
        ? taking.map((one) => compileWeighted(one, lookUp))
        : taking.map(({ destination }) => ({ cluster: lookUp(destination), weight: 1 })),
    forwarding: {
      ...forwarding,
      authority: forwarding.authority ?? (only?.authority || undefined),
      retries: compileRetries(rule.retries, only !== undefined && hashPolicies.length > 0),
      hashPolicies,
    },
    answer: undefined,
  };
}

type RouteSpec = NonNullable<HttpRuleSpec["route"]>;

/** One destination takes everything, whatever its weight; of several, those without a weight take nothing. */
function takingDestinations({ route = [] }: HttpRuleSpec): RouteSpec {
  return route.length === 1 ? route : route.filter(({ weight }) => (weight ?? 0) > 0);
}

function compileWeighted({ destination, weight = 0, headers }: RouteSpec[number], lookUp: DestinationLookup): WeightedCluster {
  const { changes, authority } = compileHeaderChanges(headers);
  return { cluster: lookUp(destination), weight, headers: headers === undefined ? undefined : changes, authority: authority || undefined };
}
