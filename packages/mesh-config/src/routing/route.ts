import { MeshConfigError } from "../errors.ts";
import { describeMismatch, type HeaderValues } from "./matching.ts";
import { locationOf, rewritePath } from "./rewriting.ts";
import { shareToNumber } from "./rules/shares.ts";
import type { Cluster, MeshProxy, Route, RouteTable, VirtualHost } from "./table.ts";

/** A request as the workload beside the proxy sends it. */
export interface RoutedRequest {
  readonly method: string;
  /** The host as the caller names it, without a port. */
  readonly host: string;
  /** The port that it is sent to. */
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. A header that is sent twice has two values. */
  readonly headers: HeaderValues;
}

/** Where a request goes, and everything that decided it. */
export interface Decision {
  readonly proxy: MeshProxy;
  /** The header that the proxy put on, where it did. */
  readonly stamped: { readonly header: string; readonly value: string } | undefined;
  readonly virtualHost: VirtualHost | undefined;
  /** Does the proxy pass the connection on without reading the request? Then nothing is matched, stamped or taken off. */
  readonly isOpaque: boolean;
  readonly route: Route | undefined;
  /** Every possible destination, with its share from 0 to 1; empty where nothing matches (404). */
  readonly destinations: readonly { readonly cluster: Cluster; readonly probability: number }[];
  /** Routes that were tried before the one that decided, and why each did not match. */
  readonly passedOver: readonly { readonly route: Route; readonly why: string }[];
  /** Headers that are taken off before the request leaves the proxy. */
  readonly removedHeaders: readonly string[];
  /** The path and query with which it leaves, and its `Host` where that is another than the caller's; `undefined` where it does not leave. */
  readonly forwarded: { readonly path: string; readonly authority: string | undefined } | undefined;
  /** Where copies of the request go. */
  readonly mirrors: readonly { readonly cluster: Cluster; readonly probability: number }[];
  /** Where the proxy sends the caller instead. */
  readonly location: string | undefined;
}

/**
 * Decides as the proxy's Envoy would: the stamp, then the virtual host by name, then the first route that matches.
 *
 * @throws MeshConfigError `invalid-request` where the method or path is none.
 */
export function route(table: RouteTable, request: RoutedRequest): Decision {
  if (!request.path.startsWith("/")) throw new MeshConfigError("invalid-request", `the path ${request.path} does not begin with /`);
  const opaque = findOpaqueCluster(table, request);
  if (opaque !== undefined) {
    const destinations = [{ cluster: clusterOf(opaque, table), probability: 1 }];
    const nothing = { stamped: undefined, virtualHost: undefined, route: undefined, passedOver: [], removedHeaders: [] };
    const forwarded = { path: request.path, authority: undefined };
    return { proxy: table.proxy, isOpaque: true, destinations, forwarded, mirrors: [], location: undefined, ...nothing };
  }
  const { stamp } = table;
  const isStamped = stamp !== undefined && [request.headers[stamp.header] ?? []].flat().length === 0;
  const headers = isStamped ? { ...request.headers, [stamp.header]: stamp.value } : request.headers;
  const stamped = isStamped ? { header: stamp.header, value: stamp.value } : undefined;
  const virtualHost = findVirtualHost(table, request);
  const passedOver: { route: Route; why: string }[] = [];
  const sent = { ...request, headers };
  for (const candidate of virtualHost?.routes ?? []) {
    const why = describeMismatch(candidate.match, sent);
    if (why !== undefined) {
      passedOver.push({ route: candidate, why });
      continue;
    }
    const removedHeaders = (virtualHost?.removedHeaders ?? []).map(({ header }) => header);
    return {
      proxy: table.proxy,
      isOpaque: false,
      stamped,
      virtualHost,
      route: candidate,
      destinations: destinationsOf(candidate, table, headers),
      passedOver,
      removedHeaders,
      ...effectsOf(candidate, request, table),
    };
  }
  return {
    proxy: table.proxy,
    isOpaque: false,
    stamped,
    virtualHost,
    route: undefined,
    destinations: [],
    passedOver,
    removedHeaders: [],
    forwarded: undefined,
    mirrors: [],
    location: undefined,
  };
}

function effectsOf(
  { match, forwarding, answer }: Route,
  request: RoutedRequest,
  table: RouteTable,
): Pick<Decision, "forwarded" | "mirrors" | "location"> {
  return {
    mirrors: (forwarding?.mirrors ?? []).map(({ cluster, share }) => ({
      cluster: clusterOf(cluster, table),
      probability: shareToNumber(share),
    })),
    forwarded:
      forwarding === undefined
        ? undefined
        : { path: rewritePath(forwarding.pathRewrite, match, request.path), authority: forwarding.authority },
    location: answer?.kind === "redirect" ? locationOf(answer, request) : undefined,
  };
}

/** A host that does not speak HTTP on the port, or, for a sidecar, a port on which nothing in the mesh does. */
function findOpaqueCluster({ proxy, ports, opaque, unknown }: RouteTable, request: RoutedRequest): string | undefined {
  const host = request.host.toLowerCase();
  const found = opaque.find(({ port, domains }) => port === request.port && domains.includes(host));
  if (found !== undefined) return found.cluster;
  const isUnknownPort = proxy.kind === "sidecar" && ports.every(({ port }) => port !== request.port);
  return isUnknownPort ? unknown : undefined;
}

function clusterOf(name: string, { clusters }: RouteTable): Cluster {
  const cluster = clusters.get(name);
  if (cluster === undefined) throw new Error(`the route table has no cluster ${name}`);
  return cluster;
}

function destinationsOf({ destinations, choice }: Route, table: RouteTable, headers: HeaderValues): Decision["destinations"] {
  const value = choice === undefined ? undefined : headers[choice.header];
  const chosen = value === undefined ? undefined : choice?.clusters.get([value].flat().join(","));
  if (chosen !== undefined) return [{ cluster: clusterOf(chosen, table), probability: 1 }];
  const whole = destinations.reduce((sum, { weight }) => sum + weight, 0);
  return destinations
    .filter(({ weight }) => weight > 0)
    .map(({ cluster, weight }) => ({ cluster: clusterOf(cluster, table), probability: weight / whole }));
}

/** The most specific domain wins: an exact name, then the longest `*.suffix`, then `*` (Envoy, VirtualHost.domains). */
function findVirtualHost(table: RouteTable, request: RoutedRequest): VirtualHost | undefined {
  const host = request.host.toLowerCase();
  const virtualHosts = table.ports.find(({ port }) => port === request.port)?.virtualHosts ?? [];
  let best: { readonly virtualHost: VirtualHost; readonly length: number } | undefined;
  for (const virtualHost of virtualHosts) {
    for (const domain of virtualHost.domains) {
      if (domain === host) return virtualHost;
      const isSuffixMatch = domain.startsWith("*") && host.length >= domain.length && host.endsWith(domain.slice(1));
      if ((isSuffixMatch || domain === "*") && (best === undefined || domain.length > best.length))
        best = { virtualHost, length: domain.length };
    }
  }
  return best?.virtualHost;
}
