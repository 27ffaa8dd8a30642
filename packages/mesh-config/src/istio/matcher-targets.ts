import type { Service } from "@puggle/model";
import type { ResourceReference } from "../kubernetes/resource.ts";
import { MESH_GATEWAY, qualifyGateway } from "../routing/compilation.ts";
import { compileFor } from "../routing/compile.ts";
import type { RoutingResources } from "../routing/istio-resources.ts";
import type { MeshProxy, Route, RuleReference } from "../routing/table.ts";
import type { MatcherTarget } from "./member-matcher.ts";

/** A rule that leads to a baseline and can not lead to its members. */
export interface UnreachedRule {
  readonly rule: RuleReference;
  readonly why: string;
}

export interface FoundTargets {
  readonly targets: readonly MatcherTarget[];
  readonly unreached: readonly UnreachedRule[];
  /** The VirtualServices whose rules lead to the service, whatever hosts they have. */
  readonly leading: readonly ResourceReference[];
}

const SPLIT = "it divides requests by weight, and a member takes all of its virtual cluster's";
const NAMELESS = "it has no name by which it is told from rules that lead elsewhere; give it one (the field `name`)";
const NAMESAKE = "another rule, which leads elsewhere, has the same name; give each its own";

/** A namespace that nothing names, for callers of which nothing is known. */
const ELSEWHERE = "";

/** A route of some proxy that passes requests on, and the place by which an EnvoyFilter finds it. */
interface PlacedRoute {
  readonly place: Pick<MatcherTarget, "context" | "listenPort" | "domain">;
  readonly route: Route;
}

/** Every way by which requests come to services, as sidecars and gateways have it before Puggle is there. */
export class WaysToServices {
  /** By place. */
  readonly #routes: ReadonlyMap<string, readonly PlacedRoute[]>;
  /** The places at which some route leads to a host, by host. */
  readonly #placesOf = new Map<string, Set<string>>();

  constructor(resources: RoutingResources) {
    const placed = new Map<string, PlacedRoute[]>();
    for (const proxy of proxiesOf(resources)) {
      for (const one of routesOf(resources, proxy)) {
        const key = JSON.stringify(one.place);
        const there = placed.get(key);
        if (there === undefined) placed.set(key, [one]);
        else there.push(one);
        for (const { cluster } of one.route.destinations) {
          const { host } = parseCluster(cluster);
          this.#placesOf.set(host, (this.#placesOf.get(host) ?? new Set()).add(key));
        }
      }
    }
    this.#routes = placed;
  }

  /** The routes that lead to a service by its own host, and can be told from all that lead elsewhere. */
  find(host: string): FoundTargets {
    const targets = new Map<string, MatcherTarget>();
    const unreached = new Map<string, UnreachedRule>();
    const leading = new Map<string, ResourceReference>();
    for (const key of this.#placesOf.get(host) ?? []) {
      const routes = this.#routes.get(key) ?? [];
      for (const { place, route } of routes.filter((one) => leadsTo(one.route, host))) {
        const { source } = route;
        if (source !== undefined) leading.set(keyOf(source), source);
        const why = route.destinations.length > 1 ? SPLIT : undefined;
        const routeName = isSameForAll(routes, route) ? undefined : route.name;
        const problem = why ?? (routeName === undefined ? undefined : problemOfName(routes, route));
        if (problem === undefined) {
          const { port, subset } = parseCluster(route.destinations[0]?.cluster ?? "");
          const target = { ...place, routeName, port, subset };
          targets.set(JSON.stringify(target), target);
        } else if (source !== undefined) unreached.set(`${keyOf(source)} ${source.rule}`, { rule: source, why: problem });
      }
    }
    return { targets: [...targets.values()], unreached: [...unreached.values()], leading: [...leading.values()] };
  }
}

/** The service's own routes where nobody has written any: what {@link WaysToServices} would find there. */
export function usualTargets({ ports }: Service, host: string): readonly MatcherTarget[] {
  return ports
    .filter(({ protocol }) => protocol !== "tcp")
    .map(({ number }) => ({
      context: "SIDECAR_OUTBOUND",
      listenPort: number,
      domain: host,
      routeName: undefined,
      port: number,
      subset: undefined,
    }));
}

function problemOfName(routes: readonly PlacedRoute[], route: Route): string | undefined {
  if (route.name === "") return NAMELESS;
  const namesakes = routes.filter((other) => other.route.name === route.name);
  return isSameForAll(namesakes, route) ? undefined : NAMESAKE;
}

function isSameForAll(routes: readonly PlacedRoute[], { destinations }: Route): boolean {
  return routes.every(({ route }) => route.destinations.length === 1 && route.destinations[0]?.cluster === destinations[0]?.cluster);
}

function leadsTo({ destinations }: Route, host: string): boolean {
  return destinations.some(({ cluster }) => parseCluster(cluster).host === host);
}

/** One caller of each sort that rules tell apart. */
function proxiesOf(resources: RoutingResources): readonly MeshProxy[] {
  const { virtualServices, services, serviceEntries, workloads } = resources;
  const named = [...virtualServices, ...services, ...serviceEntries, ...workloads].map(({ reference }) => reference.namespace);
  const rules = virtualServices.flatMap((one) => one.rules);
  const labels = rules.flatMap(({ rule }) =>
    (rule.match ?? []).flatMap(({ sourceLabels }) => (sourceLabels === undefined ? [] : [sourceLabels])),
  );
  const kinds = [{}, ...new Map(labels.map((one) => [JSON.stringify(one), one])).values()];
  const sidecars = [...new Set([...named, ELSEWHERE])].flatMap((namespace) =>
    kinds.map((one): MeshProxy => ({ kind: "sidecar", namespace, labels: one })),
  );
  const gateways = virtualServices.flatMap(({ reference, spec }) =>
    (spec.gateways ?? []).map((gateway) => qualifyGateway(gateway, reference.namespace)),
  );
  return [
    ...sidecars,
    ...[...new Set(gateways)]
      .filter((gateway) => gateway !== MESH_GATEWAY)
      .map((gateway): MeshProxy => ({ kind: "gateway", namespace: gateway.split("/")[0] ?? "", labels: {}, gateway })),
  ];
}

function routesOf(resources: RoutingResources, proxy: MeshProxy): readonly PlacedRoute[] {
  return compileFor(resources, proxy).ports.flatMap(({ port, virtualHosts }) =>
    virtualHosts.flatMap(({ domains, routes }) => {
      const [domain] = domains;
      if (domain === undefined) return [];
      const place =
        proxy.kind === "gateway"
          ? { context: "GATEWAY" as const, listenPort: undefined, domain }
          : { context: "SIDECAR_OUTBOUND" as const, listenPort: port, domain };
      return routes.filter(({ answer }) => answer === undefined).map((route) => ({ place, route }));
    }),
  );
}

function parseCluster(name: string): { readonly host: string; readonly port: number; readonly subset: string | undefined } {
  const [, port = "", subset = "", host = ""] = /^outbound\|(\d+)\|([^|]*)\|(.+)$/.exec(name) ?? [];
  return { host, port: Number(port), subset: subset === "" ? undefined : subset };
}

function keyOf({ namespace, name }: ResourceReference): string {
  return `${namespace}/${name}`;
}
