/** What istiod says beside how a request is routed: names for traces and statistics, where a route was written, what the mesh as a whole is told. */
const UNDECIDING = new Set([
  "metadata",
  "decorator",
  "stat_prefix",
  "include_request_attempt_count",
  "max_direct_response_body_size_bytes",
  "validate_clusters",
  "@type",
]);
/** Fields whose order decides nothing. */
const UNORDERED = new Set(["domains", "virtual_hosts", "headers", "query_parameters", "request_headers_to_remove"]);
/** Envoy prints a field that has its default where istiod set it, and leaves it out where it did not. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  case_sensitive: true,
  treat_missing_header_as_empty: false,
  path_redirect: "",
  numerator: 0,
};
const PER_FILTER = "typed_per_filter_config";
const DURATION = /^\d+(\.\d+)?s$/;

interface VirtualHostLike {
  readonly domains: readonly string[];
  readonly routes?: readonly unknown[];
}

/**
 * A gateway's, where hosts with the same routes may stand in one virtual host, whose name decides nothing, or in one each.
 */
export function canonicalByDomain(configuration: { readonly virtual_hosts?: readonly VirtualHostLike[] }): unknown {
  const virtualHosts = (configuration.virtual_hosts ?? [])
    .filter(({ routes = [] }) => routes.length > 0)
    .flatMap((host) => host.domains.map((domain) => ({ ...host, name: domain, domains: [domain] })));
  return canonical({ ...configuration, virtual_hosts: virtualHosts });
}

/**
 * A route configuration as it decides, in one form however it was written: only what decides, in one order, durations in milliseconds.
 */
export function canonical(configuration: unknown): unknown {
  return simplify(configuration, "");
}

function simplify(value: unknown, field: string): unknown {
  if (Array.isArray(value)) {
    const simple = value.map((one) => simplify(one, ""));
    return UNORDERED.has(field) ? simple.sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b))) : simple;
  }
  if (typeof value === "string" && DURATION.test(value) && isDuration(field)) return Math.round(Number(value.slice(0, -1)) * 1e6) / 1e3;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(onlyCluster(value))
    .filter(([name, own]) => !UNDECIDING.has(name) && DEFAULTS[name] !== own)
    .map(([name, own]) => [name, simplify(own, name)] as const)
    .filter(([name, own]) => !isEmptyList(own) && !(tellsFilters(field, name) && isEmptyObject(own)));
  return Object.fromEntries(entries.sort(([a], [b]) => compareText(a, b)));
}

/** The text of a response may look like one. */
function isDuration(field: string): boolean {
  return /timeout|delay|interval|ttl/.test(field);
}

/** All weight on one cluster is that cluster. */
function onlyCluster(action: object): object {
  const { weighted_clusters: weighted, ...rest } = action as { weighted_clusters?: { clusters: readonly Record<string, unknown>[] } };
  const [only, second] = weighted?.clusters ?? [];
  if (only === undefined || second !== undefined) return action;
  const { name, weight, ...own } = only;
  return Object.keys(own).length === 0 ? { ...rest, cluster: name } : action;
}

/** A filter that is told nothing does nothing. */
function tellsFilters(parent: string, field: string): boolean {
  return parent === PER_FILTER || field === PER_FILTER;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
