import type { Service } from "@puggle/model";
import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { z } from "zod";
import { MANAGED_BY, MANAGED_BY_LABEL } from "../kubernetes/labels.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { clusterName } from "../routing/cluster-names.ts";
import { ROOT_NAMESPACE } from "../routing/compilation.ts";

const PLUGIN_NAME = "envoy.router.cluster_specifier_plugin.matcher";
const SPECIFIER_TYPE = "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier";
const ACTION_TYPE = "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction";
const INPUT_TYPE = "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput";

/** Which cluster a route leads to, by the value of the virtual cluster's header. */
export interface MemberMatcher {
  /** Envoy's names of clusters, by virtual cluster. */
  readonly clusters: ReadonlyMap<string, string>;
  /** Where a request goes that no entry takes. */
  readonly otherwise: string;
}

/** The field `inline_cluster_specifier_plugin` of Envoy's RouteAction. */
export function printMemberMatcher({ clusters, otherwise }: MemberMatcher) {
  const leadTo = (cluster: string) => ({ action: { name: "cluster", typed_config: { "@type": ACTION_TYPE, cluster } } });
  const input = { name: "virtual-cluster", typed_config: { "@type": INPUT_TYPE, header_name: VIRTUAL_CLUSTER_HEADER } };
  const map = Object.fromEntries([...clusters].map(([name, cluster]) => [name, leadTo(cluster)]));
  return {
    extension: {
      name: PLUGIN_NAME,
      typed_config: {
        "@type": SPECIFIER_TYPE,
        cluster_matcher: { matcher_tree: { input, exact_match_map: { map } }, on_no_match: leadTo(otherwise) },
      },
    },
  };
}

const onMatch = z.strictObject({
  action: z.strictObject({ name: z.string(), typed_config: z.strictObject({ "@type": z.literal(ACTION_TYPE), cluster: z.string() }) }),
});
const specifier = z.strictObject({
  extension: z.strictObject({
    name: z.string(),
    typed_config: z.strictObject({
      "@type": z.literal(SPECIFIER_TYPE),
      cluster_matcher: z.strictObject({
        matcher_tree: z.strictObject({
          input: z.strictObject({
            name: z.string(),
            typed_config: z.strictObject({ "@type": z.literal(INPUT_TYPE), header_name: z.literal(VIRTUAL_CLUSTER_HEADER) }),
          }),
          exact_match_map: z.strictObject({ map: z.record(z.string(), onMatch) }),
        }),
        on_no_match: onMatch,
      }),
    }),
  }),
});

/** Reads what {@link printMemberMatcher} prints; `undefined` where it is anything else. */
export function readMemberMatcher(value: unknown): MemberMatcher | undefined {
  const matcher = specifier.safeParse(value).data?.extension.typed_config.cluster_matcher;
  if (matcher === undefined) return undefined;
  const entries = Object.entries(matcher.matcher_tree.exact_match_map.map);
  return {
    clusters: new Map(entries.map(([name, { action }]) => [name, action.typed_config.cluster])),
    otherwise: matcher.on_no_match.action.typed_config.cluster,
  };
}

/** Routes of Envoy's that lead to a baseline, and shall lead to its members too. */
export interface MatcherTarget {
  readonly context: "SIDECAR_OUTBOUND" | "GATEWAY";
  /** A sidecar names virtual hosts `<host>:<port>`; a gateway may put hosts together, so that one is found by its domain there. */
  readonly place: { readonly virtualHost: string } | { readonly domain: string };
  /** All that pass requests on where it is left out. */
  readonly routeName: string | undefined;
  /** The service's port to which they lead. */
  readonly port: number;
  /** The baseline's subset to which they lead. */
  readonly subset: string | undefined;
}

/**
 * Has routes choose by the header between the baseline, where they lead, and its members. Nothing else about them changes: matches, rewrites, timeouts and
 * retries stay whosever they are, and what it costs a request does not grow with the number of members.
 *
 * It stands in Istio's own namespace, since every caller's sidecar has to know of it, wherever that caller is.
 */
export function buildMemberMatcher(
  service: Service,
  hosts: { readonly baseline: string; readonly members: string },
  virtualClusters: readonly string[],
  targets: readonly MatcherTarget[],
): KubernetesResource {
  const ports = [...new Set(service.ports.filter(({ protocol }) => protocol !== "tcp").map(({ number }) => number))];
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: {
      name: `puggle-${service.name}.${service.namespace}`,
      namespace: ROOT_NAMESPACE,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
    },
    spec: {
      configPatches: [
        ...targets.map(({ context, place, routeName, port, subset }) => {
          const clusters = new Map(virtualClusters.map((name) => [name, clusterName({ host: hosts.members, port, subset: name })]));
          const matcher = printMemberMatcher({ clusters, otherwise: clusterName({ host: hosts.baseline, port, subset }) });
          return routePatch({ context, place, routeName }, { inline_cluster_specifier_plugin: matcher });
        }),
        // Asked for by its own name, the members' Service would lead to any of them, whatever virtual cluster it belongs to.
        ...ports.map((port) => {
          const place = { virtualHost: `${hosts.members}:${port}` };
          return routePatch(
            { context: "SIDECAR_OUTBOUND", place, routeName: undefined },
            { cluster: clusterName({ host: hosts.baseline, port }) },
          );
        }),
      ],
    },
  };
}

function routePatch({ context, place, routeName }: Pick<MatcherTarget, "context" | "place" | "routeName">, action: object) {
  const virtualHost = "virtualHost" in place ? { name: place.virtualHost } : { domainName: place.domain };
  const route = { ...(routeName === undefined ? {} : { name: routeName }), action: "ROUTE" };
  return {
    applyTo: "HTTP_ROUTE",
    match: { context, routeConfiguration: { vhost: { ...virtualHost, route } } },
    patch: { operation: "MERGE", value: { route: action } },
  };
}
