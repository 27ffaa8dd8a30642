import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { MeshConfigError } from "../errors.ts";
import { VIRTUAL_CLUSTER_LABEL } from "../kubernetes/labels.ts";
import { formatReference, type KubernetesResource, matchesSelector, type ResourceReference, referTo } from "../kubernetes/resource.ts";
import { type CompileOptions, compileFor } from "../routing/compile.ts";
import { type RoutingResources, readRoutingResources } from "../routing/istio-resources.ts";
import { type Decision, type RoutedRequest, route } from "../routing/route.ts";
import type { HeaderOperations, MeshProxy, RouteTable, RuleReference, Unread } from "../routing/table.ts";
import { workloadsBehind } from "../routing/workloads.ts";
import { abortProbability, describeDelay, describeForwarded, describeResponses } from "./effects.ts";
import { describeSteps } from "./steps.ts";

/** What no header's value may hold (RFC 9110, section 5.5); a tab may stand in it. */
const FORBIDDEN_IN_HEADERS = /[^\t\x20-\x7e\x80-\uffff]/;

/** A request, and who sends it. */
export interface ExplainRequest {
  /** The sidecar or gateway that decides; see {@link findSidecar}. */
  readonly from: MeshProxy;
  /** As the caller writes it: `http://cart.shop.svc.cluster.local/items?limit=2`. */
  readonly url: string;
  /** GET when left out. */
  readonly method?: string;
  /** Names in any case. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** What becomes of the request. */
export type Outcome =
  /** A virtual cluster's own version takes it. */
  | "member"
  /** The shared version takes it. */
  | "baseline"
  /** The proxy answers by itself: a redirect, a response that the rule holds, or a fault that aborts every request. */
  | "answered"
  /** It leaves the mesh. */
  | "external"
  /** Weights divide it between a member and the baseline. */
  | "mixed"
  /** The host is known, no route matches: 404. */
  | "no-route"
  /** Nothing can answer: 503. */
  | "unavailable"
  /** It can not be told: the rule that matches is not compiled, or the endpoints are set by hand; see the steps and warnings. */
  | "undetermined";

export interface ExplainedDestination {
  readonly host: string;
  readonly port: number;
  readonly subset: string | null;
  /** Envoy's name of it. */
  readonly cluster: string;
  /** The share of such requests, from 0 to 1. */
  readonly probability: number;
  /** The workloads whose pods answer. */
  readonly workloads: readonly ResourceReference[];
}

/** What the proxy answers by itself. */
export interface OwnResponse {
  /** Of HTTP; that of gRPC stands beside it where there is one. */
  readonly status: number;
  readonly grpcStatus: number | null;
  /** Where a redirect sends the caller. */
  readonly location: string | null;
  /** The share of such requests, from 0 to 1. */
  readonly probability: number;
  readonly because: "redirect" | "direct-response" | "fault";
}

/** Where a request goes and why. Plain data: `--json` prints it as it is. */
export interface Explanation {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
  };
  readonly from: {
    readonly kind: MeshProxy["kind"];
    readonly namespace: string;
    readonly workload: ResourceReference | null;
    readonly gateway: string | null;
  };
  readonly outcome: Outcome;
  /** Their shares and those of `responses` add up to 1, but where no route matches. */
  readonly destinations: readonly ExplainedDestination[];
  /** What the proxy answers instead of passing the request on. */
  readonly responses: readonly OwnResponse[];
  /** By how much such requests are held up on purpose. */
  readonly delay: { readonly milliseconds: number; readonly probability: number } | null;
  /** Where copies of the request go, whose answers nobody waits for. */
  readonly mirrors: readonly ExplainedDestination[];
  /** The path and query, and the `Host`, with which it is passed on. */
  readonly forwarded: { readonly path: string; readonly host: string } | null;
  /** The rule that decided; `null` where the mesh decided by itself. */
  readonly decidedBy: RuleReference | null;
  /** The value of the virtual-cluster-name header as the destination gets it; `null` where it gets none. */
  readonly headerOnArrival: string | null;
  /** The reasoning, a sentence a step. */
  readonly steps: readonly string[];
  /** What the resources say and this answer does not take into account. */
  readonly warnings: readonly string[];
}

/**
 * Says where a request goes, which rule of which resource decides, and why.
 *
 * @throws MeshConfigError `invalid-request` where the URL is none or not plain HTTP.
 *
 * @example
 * ```ts
 * const resources = resourcesOf(mesh);
 * const from = findSidecar(resources, { service: "web", namespace: "shop" });
 * explain(resources, { from, url: "http://cart.shop.svc.cluster.local/", headers: { "virtual-cluster-name": "pr-42" } }).outcome; // "member"
 * ```
 */
export function explain(resources: readonly KubernetesResource[], request: ExplainRequest, options: CompileOptions = {}): Explanation {
  return explainWith(new KnownTables(readRoutingResources(resources, options.clusterDomain)), request);
}

/** The route tables of many proxies, each compiled once, from resources that are read once. */
export class KnownTables {
  readonly resources: RoutingResources;
  readonly #tables = new Map<string, RouteTable>();

  constructor(resources: RoutingResources) {
    this.resources = resources;
  }

  of(proxy: MeshProxy): RouteTable {
    const key = JSON.stringify(proxy);
    const known = this.#tables.get(key) ?? compileFor(this.resources, proxy);
    this.#tables.set(key, known);
    return known;
  }
}

export function explainWith(tables: KnownTables, request: ExplainRequest): Explanation {
  const read = tables.resources;
  const table = tables.of(request.from);
  const routed = toRoutedRequest(request);
  const decision = route(table, routed);
  const describe = ({ cluster, probability }: Decision["destinations"][number]): ExplainedDestination => ({
    host: cluster.host,
    port: cluster.port,
    subset: cluster.subset ?? null,
    cluster: cluster.name,
    probability,
    workloads: workloadsBehind(cluster, read).map(({ reference }) => reference),
  });
  const responses = describeResponses(decision);
  const aborted = abortProbability(decision.route?.fault);
  const destinations = decision.destinations
    .map(({ cluster, probability }) => describe({ cluster, probability: probability * (1 - aborted) }))
    .filter(({ probability }) => probability > 0);
  const outcome = outcomeOf(decision, read);
  const arriving = headerOnArrival(decision, routed);
  return {
    request: { method: routed.method, url: request.url, headers: routed.headers },
    from: describeProxy(request.from, read),
    outcome,
    destinations,
    responses,
    delay: describeDelay(decision.route?.fault),
    mirrors: decision.mirrors.map(describe),
    forwarded: describeForwarded(decision, routed),
    decidedBy: decision.route?.source ?? null,
    headerOnArrival: arriving,
    steps: describeSteps(decision, routed, table),
    warnings: warningsFor(decision, arriving, outcome, table.unread),
  };
}

/**
 * The sidecar of a workload, by its service and, for a member, its virtual cluster.
 *
 * @throws MeshConfigError `unknown-workload`
 */
export function findSidecar(
  resources: readonly KubernetesResource[],
  workload: { readonly namespace: string; readonly service: string; readonly virtualCluster?: string },
): MeshProxy {
  const { namespace, service, virtualCluster } = workload;
  const name = virtualCluster === undefined ? service : `${service}-${virtualCluster}`;
  const { workloads } = readRoutingResources(resources.filter((resource) => referTo(resource).namespace === namespace));
  const found = workloads.find(({ reference }) => reference.namespace === namespace && reference.name === name);
  if (found === undefined) {
    const known = workloads.map(({ reference }) => reference.name).sort();
    const there = known.length === 0 ? "none are known" : `there are ${known.slice(0, 10).join(", ")}${known.length > 10 ? ", ..." : ""}`;
    throw new MeshConfigError("unknown-workload", `no workload ${namespace}/${name} is known; in namespace ${namespace} ${there}`);
  }
  return { kind: "sidecar", namespace, labels: found.labels };
}

function toRoutedRequest({ url, method = "GET", headers = {} }: ExplainRequest): RoutedRequest {
  const parsed = URL.parse(url);
  if (parsed === null)
    throw new MeshConfigError("invalid-request", `${url} is no URL; write it whole, such as http://cart.shop.svc.cluster.local/items`);
  if (parsed.protocol !== "http:") {
    throw new MeshConfigError(
      "invalid-request",
      `${url} is not plain HTTP: a sidecar can not read the header inside TLS, so nothing but http:// is routed by it`,
    );
  }
  for (const [name, value] of Object.entries(headers)) {
    const bad = [value].flat().find((line) => FORBIDDEN_IN_HEADERS.test(line));
    if (bad !== undefined)
      throw new MeshConfigError("invalid-request", `the header ${name} has a control character; Envoy answers 400 to such a request`);
  }
  return {
    method: method.toUpperCase(),
    host: parsed.hostname.replace(/\.$/, ""),
    port: parsed.port === "" ? 80 : Number(parsed.port),
    path: `${parsed.pathname}${parsed.search}`,
    headers: Object.fromEntries(
      Object.entries(headers)
        .filter(([, value]) => typeof value === "string" || value.length > 0)
        .map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
}

function describeProxy({ kind, namespace, labels, gateway }: MeshProxy, { workloads }: RoutingResources): Explanation["from"] {
  const isIt = (candidate: (typeof workloads)[number]) =>
    candidate.reference.namespace === namespace && matchesSelector(candidate.labels, labels);
  return { kind, namespace, workload: workloads.find(isIt)?.reference ?? null, gateway: gateway ?? null };
}

function outcomeOf({ route: decided, isOpaque, destinations }: Decision, resources: RoutingResources): Outcome {
  if (decided === undefined && !isOpaque) return "no-route";
  if (decided !== undefined && (decided.answer?.kind === "redirect" || decided.answer?.kind === "response")) return "answered";
  if (abortProbability(decided?.fault) === 1) return "answered";
  if (destinations.length === 0) return "undetermined";
  const kinds = new Set(
    destinations.map(({ cluster }): Outcome => {
      const { endpoints } = cluster;
      if (endpoints.kind === "external" || endpoints.kind === "passthrough") return "external";
      if (endpoints.kind === "unknown") return "undetermined";
      const workloads = workloadsBehind(cluster, resources);
      if (workloads.length === 0) return "unavailable";
      return workloads.every(({ labels }) => labels[VIRTUAL_CLUSTER_LABEL] !== undefined) ? "member" : "baseline";
    }),
  );
  const [only] = kinds;
  return kinds.size === 1 && only !== undefined ? only : "mixed";
}

function headerOnArrival({ stamped, removedHeaders, route: decided }: Decision, { headers }: RoutedRequest): string | null {
  if (removedHeaders.includes(VIRTUAL_CLUSTER_HEADER)) return null;
  const sent = [stamped?.value ?? headers[VIRTUAL_CLUSTER_HEADER] ?? []].flat();
  const [first, ...others] = decided?.destinations ?? [];
  // What is written for one destination counts before what is written for its rule.
  const own = others.length === 0 ? first?.headers?.request : undefined;
  const arriving = changeHeader(changeHeader(sent, own), decided?.headers.request);
  return arriving.length === 0 ? null : arriving.join(",");
}

function changeHeader(values: readonly string[], changes: HeaderOperations | undefined): readonly string[] {
  if (changes === undefined) return values;
  const isIt = (name: string) => name.toLowerCase() === VIRTUAL_CLUSTER_HEADER;
  let now = changes.removed.some(isIt) ? [] : [...values];
  for (const { name, value, isAppended } of changes.written) if (isIt(name)) now = isAppended ? now.concat(value) : [value];
  return now;
}

/** What may make the answer another: above all what the rules say that were tried before the one that decided. */
function warningsFor(decision: Decision, headerOnArrival: string | null, outcome: Outcome, unread: readonly Unread[]): readonly string[] {
  const owner = decision.virtualHost?.routes.find(({ source }) => source !== undefined)?.source;
  const last = decision.route?.source?.rule ?? Number.POSITIVE_INFINITY;
  const concerns = ({ resource, field }: Unread): boolean => {
    if (resource.kind !== "VirtualService" || owner === undefined) return true;
    const rule = /^spec\.http\.(\d+)\./.exec(field)?.[1];
    return resource.name === owner.name && resource.namespace === owner.namespace && (rule === undefined || Number(rule) <= last);
  };
  const leak = `${VIRTUAL_CLUSTER_HEADER} leaves the mesh with this request; name the host under externalHosts of the mesh file, so that it is taken off`;
  return [
    ...(outcome === "external" && headerOnArrival !== null ? [leak] : []),
    ...unread.filter(concerns).map(({ resource, field, why }) => `${formatReference(resource)}${field === "" ? "" : `, ${field}`}: ${why}`),
  ];
}
