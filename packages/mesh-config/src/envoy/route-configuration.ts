import type {
  HeaderMatch,
  PortRoutes,
  PresenceOr,
  QueryParameterMatch,
  Route,
  RouteMatch,
  RouteTable,
  StringMatch,
  VirtualHost,
} from "../routing/table.ts";
import { printHeaderChanges } from "./header-changes.ts";
import { printAction } from "./route-action.ts";
import { printFilterSettings } from "./route-filters.ts";

/** Prints what a route does; a target that can not do what the mesh does prints something else for some. */
export type PrintAction = (route: Route) => object;

/** One port's routes as Envoy's RouteConfiguration. */
export function routeConfiguration(name: string, { virtualHosts }: PortRoutes, print: PrintAction = printAction) {
  return {
    name,
    ignore_port_in_host_matching: true,
    virtual_hosts: virtualHosts.map((virtualHost) => printVirtualHost(virtualHost, print)),
  };
}

/**
 * The routes of one port as Envoy's RouteConfiguration in JSON (v3): what istiod sends the table's proxy, as far as it decides where requests go.
 *
 * @param name - of the configuration, as `istioctl proxy-config routes` lists it; the port when left out.
 */
export function printRoutes({ ports, proxy }: RouteTable, port: number, name = `${port}`): object {
  const known = ports.find((candidate) => candidate.port === port);
  // Where nothing is known on a port, a sidecar is told of what is not.
  const unknown = proxy.kind === "gateway" ? [] : (ports[0]?.virtualHosts ?? []).filter(({ domains }) => domains.includes("*"));
  return routeConfiguration(name, known ?? { port, virtualHosts: unknown });
}

function printVirtualHost({ name, domains, routes, removedHeaders }: VirtualHost, print: PrintAction) {
  return {
    name,
    domains,
    ...(removedHeaders.length > 0 ? { request_headers_to_remove: [...new Set(removedHeaders.map(({ header }) => header))] } : {}),
    routes: routes.map((route) => ({
      ...(route.name === "" ? {} : { name: route.name }),
      match: printMatch(route.match),
      ...print(route),
      ...printHeaderChanges(route.headers),
      ...printFilterSettings(route),
    })),
  };
}

function printMatch({ path, ignoresPathCase, headers, queryParameters }: RouteMatch) {
  return {
    ...printPath(path),
    ...(ignoresPathCase ? { case_sensitive: false } : {}),
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
    ...printCondition(match),
    ...(isInverted ? { invert_match: true } : {}),
    ...(isInverted && match.kind !== "present" ? { treat_missing_header_as_empty: true } : {}),
  };
}

function printQueryParameter({ name, match }: QueryParameterMatch) {
  return { name, ...printCondition(match) };
}

function printCondition(match: PresenceOr<StringMatch>) {
  return match.kind === "present" ? { present_match: true } : { string_match: printString(match) };
}

/** Envoy's StringMatcher. */
export function printString(match: StringMatch) {
  if (match.kind === "exact") return { exact: match.value };
  return match.kind === "prefix" ? { prefix: match.value } : { safe_regex: { regex: match.value } };
}
