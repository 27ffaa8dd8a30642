import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { z } from "zod";
import { readStampScript, STAMP_FILTER_NAME } from "../istio/header-stamp.ts";
import { readMemberMatcher } from "../istio/member-matcher.ts";
import type { Labels, ResourceReference } from "../kubernetes/resource.ts";
import { ROOT_NAMESPACE } from "./compilation.ts";
import type { EnvoyFilter, RoutingResources } from "./istio-resources.ts";
import type { HeaderStamp, MeshProxy, RemovedHeader, Unread } from "./table.ts";

const stampValue = z.looseObject({
  name: z.literal(STAMP_FILTER_NAME),
  typed_config: z.looseObject({ default_source_code: z.looseObject({ inline_string: z.string() }) }),
});
const removalValue = z.strictObject({ request_headers_to_remove: z.array(z.string()) });

const routeChange = z.strictObject({
  route: z.union([z.strictObject({ cluster: z.string() }), z.strictObject({ inline_cluster_specifier_plugin: z.unknown() })]),
});

/** Of a virtual host by its name or a domain, the routes that pass requests on, all or those of a name. */
const routeMatch = z.strictObject({
  context: z.string().optional(),
  routeConfiguration: z.strictObject({
    vhost: z.strictObject({
      name: z.string().optional(),
      domainName: z.string().optional(),
      route: z.strictObject({ name: z.string().optional(), action: z.literal("ROUTE") }),
    }),
  }),
});

/** Where routes are led that an EnvoyFilter speaks of. */
export interface RouteChange {
  /** `undefined` stands for every one, here and below. */
  readonly virtualHost: string | undefined;
  readonly domain: string | undefined;
  readonly routeName: string | undefined;
  /** By the value of the header; none where all requests are led to one cluster. */
  readonly clusters: ReadonlyMap<string, string>;
  readonly otherwise: string;
  readonly source: ResourceReference;
}

export interface FilterEffects {
  /** In the order in which they are made. */
  readonly routeChanges: readonly RouteChange[];
  readonly stamp: HeaderStamp | undefined;
  /** By the name of the virtual host; `undefined` stands for all of them. */
  readonly removals: ReadonlyMap<string | undefined, readonly RemovedHeader[]>;
}

/** What the EnvoyFilters and TrafficExtensions that apply to a proxy do to its routing, as far as Puggle writes such filters itself. */
export function readEnvoyFilters(resources: RoutingResources, proxy: MeshProxy, unread: Unread[]): FilterEffects {
  let stamp: HeaderStamp | undefined;
  const removals = new Map<string | undefined, RemovedHeader[]>();
  const routeChanges: RouteChange[] = [];
  for (const filter of inOrder(resources.envoyFilters)) {
    if (!appliesTo(filter, proxy)) continue;
    filter.spec.configPatches.forEach((configPatch, index) => {
      const { applyTo, match, patch } = configPatch;
      const isForProxy = match?.context === undefined || match.context === "ANY" || match.context === contextOf(proxy);
      if (!isForProxy) return;
      const source = filter.reference;
      const script = stampValue.safeParse(patch.value).data?.typed_config.default_source_code.inline_string;
      const value = script === undefined ? undefined : readStampScript(script);
      if (applyTo === "HTTP_FILTER" && value !== undefined) {
        stamp ??= { header: VIRTUAL_CLUSTER_HEADER, value, source };
        return;
      }
      const removed = removalValue.safeParse(patch.value).data?.request_headers_to_remove;
      if (applyTo === "VIRTUAL_HOST" && patch.operation === "MERGE" && removed !== undefined) {
        const name = match?.routeConfiguration?.vhost?.name;
        removals.set(name, [...(removals.get(name) ?? []), ...removed.map((header) => ({ header: header.toLowerCase(), source }))]);
        return;
      }
      const change = applyTo === "HTTP_ROUTE" && patch.operation === "MERGE" ? readRouteChange(patch.value) : undefined;
      const place = routeMatch.safeParse(match).data?.routeConfiguration;
      if (change !== undefined && place !== undefined && (place.vhost.name ?? place.vhost.domainName) !== undefined) {
        const { name, domainName, route } = place.vhost;
        routeChanges.push({
          virtualHost: name,
          domain: domainName,
          routeName: route.name,
          ...change,
          source,
        });
        return;
      }
      unread.push({ resource: source, field: `spec.configPatches.${index}`, why: `a ${applyTo} patch that Puggle did not write` });
    });
  }
  for (const extension of resources.trafficExtensions) {
    const { reference, spec } = extension;
    if (!isSelected(reference.namespace, spec.selector?.matchLabels, proxy)) continue;
    const value = spec.lua === undefined ? undefined : readStampScript(spec.lua.inlineCode);
    const isForCallers = spec.match.length === 0 || spec.match.some(({ mode }) => mode !== "SERVER");
    if (value !== undefined && isForCallers) stamp ??= { header: VIRTUAL_CLUSTER_HEADER, value, source: reference };
    else if (isForCallers) unread.push({ resource: reference, field: "spec", why: "a filter that Puggle did not write" });
  }
  return { stamp, removals, routeChanges };
}

function readRouteChange(value: unknown): Pick<RouteChange, "clusters" | "otherwise"> | undefined {
  const route = routeChange.safeParse(value).data?.route;
  if (route === undefined) return undefined;
  if ("cluster" in route) return { clusters: new Map(), otherwise: route.cluster };
  return readMemberMatcher(route.inline_cluster_specifier_plugin);
}

/** Those of Istio's own namespace come first. */
function inOrder(filters: readonly EnvoyFilter[]): readonly EnvoyFilter[] {
  const isRoot = ({ reference }: EnvoyFilter) => reference.namespace === ROOT_NAMESPACE;
  return [...filters.filter(isRoot), ...filters.filter((filter) => !isRoot(filter))];
}

function contextOf(proxy: MeshProxy): string {
  return proxy.kind === "gateway" ? "GATEWAY" : "SIDECAR_OUTBOUND";
}

function appliesTo({ reference, spec }: EnvoyFilter, proxy: MeshProxy): boolean {
  return isSelected(reference.namespace, spec.workloadSelector?.labels, proxy);
}

function isSelected(namespace: string, selector: Labels | undefined, proxy: MeshProxy): boolean {
  if (namespace !== proxy.namespace && namespace !== ROOT_NAMESPACE) return false;
  return Object.entries(selector ?? {}).every(([key, value]) => proxy.labels[key] === value);
}
