import type {
  ClusterEndpoints,
  HeaderMatch,
  PortRoutes,
  QueryParameterMatch,
  Route,
  RouteMatch,
  RouteTable,
  StringMatch,
  VirtualHost,
} from "../routing/table.ts";

const UNKNOWN_HOST = "no service or external host of this very name is in the mesh file\n";

/** One port's routes as Envoy's RouteConfiguration. */
export function routeConfiguration(name: string, { virtualHosts }: PortRoutes, table: RouteTable) {
  return {
    name,
    ignore_port_in_host_matching: true,
    virtual_hosts: virtualHosts.map((virtualHost) => printVirtualHost(virtualHost, table)),
  };
}

function printVirtualHost({ name, domains, routes, removedHeaders }: VirtualHost, table: RouteTable) {
  return {
    name,
    domains,
    ...(removedHeaders.length > 0 ? { request_headers_to_remove: [...new Set(removedHeaders.map(({ header }) => header))] } : {}),
    routes: routes.map((route) => ({
      ...(route.name === "" ? {} : { name: route.name }),
      match: printMatch(route.match),
      ...printAction(route, table),
    })),
  };
}

function printAction({ destinations }: Route, { clusters }: RouteTable) {
  const [first] = destinations;
  if (first !== undefined && isWhereverTheCallerGoes(clusters.get(first.cluster)?.endpoints)) {
    return { direct_response: { status: 502, body: { inline_string: UNKNOWN_HOST } } };
  }
  if (first === undefined) return { direct_response: { status: 503 } };
  if (destinations.length === 1) return { route: { cluster: first.cluster, timeout: "0s" } };
  return {
    route: { weighted_clusters: { clusters: destinations.map(({ cluster, weight }) => ({ name: cluster, weight })) }, timeout: "0s" },
  };
}

/** Without a redirect of the app's traffic there is no original destination to pass through to. */
function isWhereverTheCallerGoes(endpoints: ClusterEndpoints | undefined): boolean {
  return endpoints?.kind === "passthrough" || (endpoints?.kind === "external" && endpoints.host.startsWith("*"));
}

function printMatch({ path, headers, queryParameters }: RouteMatch) {
  return {
    ...printPath(path),
    ...(headers.length > 0 ? { headers: headers.map(printHeader) } : {}),
    ...(queryParameters.length > 0 ? { query_parameters: queryParameters.map(printQueryParameter) } : {}),
  };
}

function printPath(path: StringMatch | undefined) {
  if (path === undefined) return { prefix: "/" };
  if (path.kind === "exact") return { path: path.value };
  return path.kind === "prefix" ? { prefix: path.value } : { safe_regex: { regex: path.value } };
}

function printHeader({ name, match, isInverted }: HeaderMatch) {
  return {
    name,
    ...(match.kind === "present" ? { present_match: true } : { string_match: printString(match) }),
    ...(isInverted ? { invert_match: true } : {}),
    ...(isInverted && match.kind !== "present" ? { treat_missing_header_as_empty: true } : {}),
  };
}

function printQueryParameter({ name, match }: QueryParameterMatch) {
  return { name, ...(match.kind === "present" ? { present_match: true } : { string_match: printString(match) }) };
}

function printString(match: StringMatch) {
  if (match.kind === "exact") return { exact: match.value };
  return match.kind === "prefix" ? { prefix: match.value } : { safe_regex: { regex: match.value } };
}
