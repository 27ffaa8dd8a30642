import type { Labels, ResourceReference } from "../kubernetes/resource.ts";

/** The proxy whose routes are asked for. */
export interface MeshProxy {
  readonly kind: "sidecar" | "gateway";
  /** The workload's namespace. */
  readonly namespace: string;
  /** The workload's pod labels. */
  readonly labels: Labels;
  /** For a gateway: its name as VirtualServices bind it, `<namespace>/<name>`. */
  readonly gateway?: string;
}

/**
 * Everything that one proxy needs to decide where a request goes: what its Envoy would be told, and nothing of how it was written. The `envoy` target
 * prints it, `route` walks it.
 */
export interface RouteTable {
  readonly proxy: MeshProxy;
  /** The Sidecar resource that says what of the mesh it is told of; all where there is none. */
  readonly scope: ResourceReference | undefined;
  /** What the proxy puts on its own workload's requests. */
  readonly stamp: HeaderStamp | undefined;
  /** By port, in ascending order. */
  readonly ports: readonly PortRoutes[];
  /** What the proxy passes on without reading it: no route, no stamp, no removed header. */
  readonly opaque: readonly OpaqueHost[];
  /** The cluster to which a sidecar passes connections on a port that nothing in the mesh has. */
  readonly unknown: string;
  /** By name: where routes lead. */
  readonly clusters: ReadonlyMap<string, Cluster>;
  /** What the resources say and this table does not hold, so that nobody takes its answer for more than it is. */
  readonly unread: readonly Unread[];
}

export interface HeaderStamp {
  readonly header: string;
  readonly value: string;
  readonly source: ResourceReference;
}

export interface PortRoutes {
  readonly port: number;
  readonly virtualHosts: readonly VirtualHost[];
}

/** A host that does not speak HTTP on a port. */
export interface OpaqueHost {
  readonly port: number;
  readonly domains: readonly string[];
  readonly cluster: string;
}

export interface VirtualHost {
  readonly name: string;
  /** Host names without a port, in lower case; `*` takes every other. */
  readonly domains: readonly string[];
  /** The first that matches decides. */
  readonly routes: readonly Route[];
  readonly removedHeaders: readonly RemovedHeader[];
}

export interface RemovedHeader {
  readonly header: string;
  readonly source: ResourceReference;
}

export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  /** Where it leads; none where the proxy answers by itself. Weights add up to what Envoy takes as the whole. */
  readonly destinations: readonly WeightedCluster[];
  /** Where it leads instead, by the value of a header. */
  readonly choice: ClusterChoice | undefined;
  /** What becomes of the request on its way there; `undefined` where the proxy answers by itself. */
  readonly forwarding: Forwarding | undefined;
  /** What the proxy answers by itself. */
  readonly answer: OwnAnswer | undefined;
  readonly headers: HeaderChanges;
  /** What goes wrong on purpose, before anything else is done. */
  readonly fault: Fault | undefined;
  readonly cors: Cors | undefined;
  /** The rule that it was made from; `undefined` for a route that the mesh makes by itself. */
  readonly source: RuleReference | undefined;
}

/** How a request is passed on. */
export interface Forwarding {
  /** 0 for no limit. */
  readonly timeoutMs: number;
  /** `undefined` where nothing is tried again. */
  readonly retries: Retries | undefined;
  readonly pathRewrite: PathRewrite | undefined;
  /** What `Host` becomes. */
  readonly authority: string | undefined;
  readonly mirrors: readonly Mirror[];
  readonly hashPolicies: readonly HashPolicy[];
}

export interface Retries {
  readonly attempts: number;
  /** Envoy's conditions, with commas. */
  readonly on: string;
  readonly statusCodes: readonly number[];
  readonly perTryTimeoutMs: number | undefined;
  readonly backoffMs: number | undefined;
  readonly avoidsPreviousHosts: boolean;
  readonly prefersOtherPriorities: boolean;
}

export type PathRewrite =
  /** In the place of what the match of the path took. */
  { readonly kind: "prefix"; readonly value: string } | { readonly kind: "regex"; readonly pattern: string; readonly substitution: string };

/** A copy of the request, whose answer nobody waits for. */
export interface Mirror {
  readonly cluster: string;
  readonly share: Share;
}

export interface Share {
  readonly numerator: number;
  readonly denominator: 100 | 1_000_000;
}

/** By what a request is bound to an endpoint. */
export type HashPolicy =
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string; readonly path: string; readonly ttlMs: number | undefined }
  | { readonly kind: "query-parameter"; readonly name: string }
  | { readonly kind: "source-address" };

export type OwnAnswer =
  | {
      readonly kind: "redirect";
      readonly status: number;
      /** Each is kept as the request has it where this is empty. */
      readonly path: string;
      readonly authority: string;
      readonly scheme: string;
      readonly port: number | undefined;
    }
  | {
      readonly kind: "response";
      readonly status: number;
      readonly body: { readonly kind: "text" | "base64"; readonly value: string } | undefined;
    }
  /** A redirect by a status that Istio does not know: Envoy refuses the route. */
  | { readonly kind: "none" };

export interface HeaderChanges {
  readonly request: HeaderOperations;
  readonly response: HeaderOperations;
}

export interface HeaderOperations {
  /** In this order, after the removal. */
  readonly written: readonly HeaderWrite[];
  readonly removed: readonly string[];
}

export interface HeaderWrite {
  readonly name: string;
  readonly value: string;
  /** Does it stand beside what is there, and not in its place? */
  readonly isAppended: boolean;
}

export interface Fault {
  readonly delay: { readonly milliseconds: number; readonly share: Share } | undefined;
  /** Without a share it never comes. */
  readonly abort: { readonly kind: "http" | "grpc"; readonly status: number; readonly share: Share | undefined } | undefined;
}

export interface Cors {
  readonly origins: readonly StringMatch[];
  /** As the header's value. */
  readonly methods: string;
  readonly headers: string;
  readonly exposedHeaders: string;
  readonly maxAgeSeconds: number | undefined;
  readonly allowsCredentials: boolean | undefined;
  readonly forwardsUnmatchedPreflights: boolean;
}

/** A rule of a VirtualService: its place in `spec.http`, from 0, and its name. */
export interface RuleReference extends ResourceReference {
  readonly rule: number;
  readonly ruleName: string | undefined;
}

/** By the whole value of a header, of which several lines are joined with commas: the cluster that stands in the place of a route's destinations. */
export interface ClusterChoice {
  readonly header: string;
  /** Names of clusters, by value. */
  readonly clusters: ReadonlyMap<string, string>;
  readonly source: ResourceReference;
}

export interface WeightedCluster {
  readonly cluster: string;
  readonly weight: number;
  /** Beside those of the route, where several destinations have their own. */
  readonly headers?: HeaderChanges | undefined;
  readonly authority?: string | undefined;
}

export interface RouteMatch {
  readonly path: StringMatch | undefined;
  readonly ignoresPathCase: boolean;
  readonly headers: readonly HeaderMatch[];
  readonly queryParameters: readonly QueryParameterMatch[];
}

export type StringMatch =
  | { readonly kind: "exact" | "prefix"; readonly value: string }
  /** RE2, matched against the whole. */
  | { readonly kind: "regex"; readonly value: string };

export type PresenceOr<Match> = Match | { readonly kind: "present" };

/** Header names are in lower case; `:method`, `:authority` and `:scheme` are the request's own. */
export interface HeaderMatch {
  readonly name: string;
  readonly match: PresenceOr<StringMatch>;
  /** Matches where the header does not; an absent header counts as an empty one. */
  readonly isInverted: boolean;
}

export interface QueryParameterMatch {
  readonly name: string;
  readonly match: PresenceOr<StringMatch>;
}

/** A set of endpoints. */
export interface Cluster {
  /** As Istio names it: `outbound|80|pr-42|cart-members.shop.svc.cluster.local`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly subset: string | undefined;
  readonly protocol: "http" | "http2" | "grpc" | "tcp";
  readonly endpoints: ClusterEndpoints;
}

export type ClusterEndpoints =
  /** Pods of the namespace with these labels. */
  | { readonly kind: "pods"; readonly namespace: string; readonly labels: Labels }
  /** A host outside the mesh. */
  | { readonly kind: "external"; readonly host: string; readonly port: number }
  /** Wherever the caller was going: a host that the mesh does not know. */
  | { readonly kind: "passthrough" }
  /** Somewhere that is not followed. */
  | { readonly kind: "unknown"; readonly why: string }
  /** Nothing answers: Envoy says 503. */
  | { readonly kind: "none"; readonly why: string };

export interface Unread {
  readonly resource: ResourceReference;
  /** The field, as a path from the object's root. */
  readonly field: string;
  readonly why: string;
}
