import type { Service } from "@puggle/model";
import { formatReference, type Labels, type ResourceReference } from "../kubernetes/resource.ts";
import { parseClusterName } from "../routing/cluster-names.ts";
import { MESH_GATEWAY, qualifyGateway } from "../routing/compilation.ts";
import { compileFor } from "../routing/compile.ts";
import type { RoutingResources } from "../routing/istio-resources.ts";
import type { MeshProxy, Route, RuleReference } from "../routing/table.ts";
import { exportsOfService } from "../routing/visibility.ts";
import type { MatcherTarget } from "./member-matcher.ts";

/** A rule that leads to a baseline and can not lead to its members. */
export interface UnreachedRule {
  readonly rule: RuleReference;
  readonly why: string;
}

export interface FoundTargets {
  readonly targets: readonly MatcherTarget[];
  readonly unreached: readonly UnreachedRule[];
  /** All rules that lead to the service, whatever hosts their VirtualServices have. */
  readonly leading: readonly RuleReference[];
  /** The VirtualService that has the service's own host in sidecars, whether it leads there or not. */
  readonly owner: ResourceReference | undefined;
}

const SPLIT = "it divides requests by weight, and a member takes all of its virtual cluster's";
const OWN_CHANGES = "its destination has header changes of its own, which would be lost; write them for the whole rule";
const NAMELESS = "it has no name by which it is told from rules that lead elsewhere; give it one (the field `name`)";
const NAMESAKE = "another rule, which leads elsewhere, has the same name; give each its own";

/** A namespace that nothing names, for callers of which nothing is known. */
const ELSEWHERE = "";

/** A route of some proxy that passes requests on, and the place by which an EnvoyFilter finds it. */
interface PlacedRoute {
  readonly place: Pick<MatcherTarget, "context" | "place">;
  readonly route: Route;
}

/** Every way by which requests come to services, as sidecars and gateways have it before Puggle is there. */
export class WaysToServices {
  /** By place. */
  readonly #routes: ReadonlyMap<string, ReadonlyMap<string, PlacedRoute>>;
  /** The places at which some route leads to a host, by host. */
  readonly #placesOf = new Map<string, Set<string>>();
  /** Whose rules a host's are in sidecars, by host. */
  readonly #owners = new Map<string, ResourceReference>();

  constructor(resources: RoutingResources) {
    const placed = new Map<string, Map<string, PlacedRoute>>();
    for (const proxy of proxiesOf(resources)) {
      for (const one of routesOf(resources, proxy)) {
        const key = JSON.stringify(one.place);
        const there = placed.get(key);
        const { name, source, destinations } = one.route;
        const { place } = one.place;
        if (source !== undefined && "virtualHost" in place) this.#owners.set(place.virtualHost.replace(/:\d+$/, ""), source);
        const end = JSON.stringify([name, source, destinations.map(({ cluster }) => cluster)]);
        if (there === undefined) placed.set(key, new Map([[end, one]]));
        else there.set(end, one);
        for (const { cluster } of one.route.destinations) {
          const host = hostOfCluster(cluster);
          if (host !== undefined) this.#placesOf.set(host, (this.#placesOf.get(host) ?? new Set()).add(key));
        }
      }
    }
    this.#routes = placed;
  }

  /** The routes that lead to a service by its own host, and can be told from all that lead elsewhere. */
  find(host: string): FoundTargets {
    const targets = new Map<string, MatcherTarget>();
    const unreached = new Map<string, UnreachedRule>();
    const leading = new Map<string, RuleReference>();
    for (const key of this.#placesOf.get(host) ?? []) {
      const routes = [...(this.#routes.get(key)?.values() ?? [])];
      for (const { place, route } of routes.filter((one) => leadsTo(one.route, host))) {
        const { source } = route;
        if (source !== undefined) leading.set(`${formatReference(source)} ${source.rule}`, source);
        const why = route.destinations.length > 1 ? SPLIT : changesOnTheWay(route) ? OWN_CHANGES : undefined;
        const routeName = isSameForAll(routes, route) ? undefined : route.name;
        const problem = why ?? (routeName === undefined ? undefined : problemOfName(routes, route));
        if (problem === undefined) {
          const led = parseClusterName(route.destinations[0]?.cluster ?? "");
          if (led === undefined) continue;
          const target = { ...place, routeName, port: led.port, subset: led.subset };
          targets.set(JSON.stringify(target), target);
        } else if (source !== undefined) unreached.set(`${formatReference(source)} ${source.rule}`, { rule: source, why: problem });
      }
    }
    return {
      targets: [...targets.values()],
      unreached: [...unreached.values()],
      leading: [...leading.values()],
      owner: this.#owners.get(host),
    };
  }
}

/** The service's own routes where nobody has written any: what {@link WaysToServices} would find there. */
export function usualTargets({ ports }: Service, host: string): readonly MatcherTarget[] {
  return ports
    .filter(({ protocol }) => protocol !== "tcp")
    .map(({ number }) => ({
      context: "SIDECAR_OUTBOUND",
      place: { virtualHost: `${host}:${number}` },
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
  return routes.every(
    ({ route }) =>
      route.destinations.length === 1 && !changesOnTheWay(route) && route.destinations[0]?.cluster === destinations[0]?.cluster,
  );
}

/** One destination of several that takes everything may have changes of its own, which stand beside its name and would go with it. */
function changesOnTheWay({ destinations }: Route): boolean {
  return destinations.some(({ headers, authority }) => headers !== undefined || authority !== undefined);
}

function hostOfCluster(name: string): string | undefined {
  return parseClusterName(name)?.host;
}

function leadsTo({ destinations }: Route, host: string): boolean {
  return destinations.some(({ cluster }) => hostOfCluster(cluster) === host);
}

/**
 * One caller of each sort that resources tell apart: by the namespaces that are named by what is not for all, by the labels that rules and Sidecars ask for, and
 * by gateway. All other callers have the same routes.
 */
function proxiesOf(resources: RoutingResources): readonly MeshProxy[] {
  const { virtualServices, services, serviceEntries, sidecars } = resources;
  const matches = virtualServices.flatMap((one) => one.rules).flatMap(({ rule }) => rule.match ?? []);
  const exported = [
    ...[...virtualServices, ...serviceEntries].map(({ reference, spec }) => ({ reference, to: spec.exportTo ?? [] })),
    ...services.map(({ reference, annotations }) => ({ reference, to: exportsOfService(annotations) })),
  ];
  const namespaces = [
    ELSEWHERE,
    ...exported.flatMap(({ reference, to }) =>
      to.length === 0 ? [] : [reference.namespace, ...to.filter((name) => /^[a-z0-9]/.test(name))],
    ),
    ...matches.flatMap(({ sourceNamespace }) => sourceNamespace ?? []),
    ...sidecars.map(({ reference }) => reference.namespace),
  ];
  const asked = [...matches.map(({ sourceLabels }) => sourceLabels), ...sidecars.map(({ spec }) => spec.workloadSelector?.labels)];
  const labels: readonly Labels[] = [{}, ...asked.filter((one) => one !== undefined)];
  const kinds = [...new Map(labels.map((one) => [JSON.stringify(one), one])).values()];
  const gateways = virtualServices.flatMap(({ reference, spec }) =>
    (spec.gateways ?? []).map((gateway) => qualifyGateway(gateway, reference.namespace)),
  );
  return [
    ...[...new Set(namespaces)].flatMap((namespace) => kinds.map((one): MeshProxy => ({ kind: "sidecar", namespace, labels: one }))),
    ...[...new Set(gateways)]
      .filter((gateway) => gateway !== MESH_GATEWAY)
      .map((gateway): MeshProxy => ({ kind: "gateway", namespace: gateway.split("/")[0] ?? "", labels: {}, gateway })),
  ];
}

function routesOf(resources: RoutingResources, proxy: MeshProxy): readonly PlacedRoute[] {
  return compileFor(resources, proxy).ports.flatMap(({ virtualHosts }) =>
    virtualHosts.flatMap(({ name, domains, routes }) => {
      const [domain] = domains;
      if (domain === undefined) return [];
      const place =
        proxy.kind === "gateway"
          ? { context: "GATEWAY" as const, place: { domain } }
          : { context: "SIDECAR_OUTBOUND" as const, place: { virtualHost: name } };
      return routes.filter(({ answer }) => answer === undefined).map((route) => ({ place, route }));
    }),
  );
}
