import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { formatReference } from "../kubernetes/resource.ts";
import type { Decision, RoutedRequest } from "../routing/route.ts";
import type { Cluster, RouteTable } from "../routing/table.ts";
import { abortProbability, describeDelay } from "./effects.ts";

const MOST_PASSED_OVER = 5;

/** The decision as sentences, in the order in which a proxy makes it. */
export function describeSteps(decision: Decision, request: RoutedRequest, table: RouteTable): readonly string[] {
  if (decision.isOpaque) return [describeOpaque(request), ...decision.destinations.map(({ cluster }) => describeDestination(cluster, 1))];
  return [
    describeStamp(decision, request, table),
    describeVirtualHost(decision, request, table),
    ...describePassedOver(decision),
    describeRoute(decision),
    ...describeFault(decision),
    describeAnswer(decision),
    describeRewrite(decision, request),
    describeChoice(decision),
    ...decision.destinations.map(({ cluster, probability }) => describeDestination(cluster, probability)),
    ...decision.mirrors.map(({ cluster, probability }) => `A copy of ${percent(probability)} of such requests goes to ${place(cluster)}.`),
    ...describeRemoval(decision),
  ].filter((step) => step !== "");
}

function describeOpaque({ host, port }: RoutedRequest): string {
  return `${host} is not known to speak HTTP on port ${port}: the sidecar passes the connection on unread, with ${VIRTUAL_CLUSTER_HEADER} as the caller set it.`;
}

function describeStamp({ stamped }: Decision, { headers }: RoutedRequest, { stamp }: RouteTable): string {
  const value = headers[VIRTUAL_CLUSTER_HEADER];
  const carried =
    value === undefined ? "" : `The request carries ${VIRTUAL_CLUSTER_HEADER}: ${typeof value === "string" ? value : value.join(", ")}`;
  if (stamped !== undefined && stamp !== undefined) {
    return `The request has no ${VIRTUAL_CLUSTER_HEADER}, and ${formatReference(stamp.source)} stamps ${stamped.value} on what its workload sends.`;
  }
  if (carried === "") return `The request has no ${VIRTUAL_CLUSTER_HEADER}.`;
  return stamp === undefined ? `${carried}.` : `${carried}, which ${formatReference(stamp.source)} leaves as it is.`;
}

function describeVirtualHost({ virtualHost }: Decision, { host, port }: RoutedRequest, { scope }: RouteTable): string {
  if (virtualHost === undefined) return `Nothing is known of ${host} on port ${port}: 404.`;
  if (virtualHost.domains.includes("*")) {
    const knows = scope === undefined ? "The mesh does not know" : `${formatReference(scope)} does not tell this sidecar of`;
    return `${knows} ${host} on port ${port}.`;
  }
  const source = virtualHost.routes.find((route) => route.source !== undefined)?.source;
  return source === undefined
    ? `No VirtualService has ${host} on port ${port}.`
    : `${host} on port ${port} belongs to ${formatReference(source)}.`;
}

function describePassedOver({ passedOver }: Decision): readonly string[] {
  const shown = passedOver.slice(-MOST_PASSED_OVER);
  const hidden = passedOver.length - shown.length;
  return [
    ...(hidden > 0 ? [`${hidden} earlier routes do not match.`] : []),
    ...shown.map(({ route, why }) => `Route ${nameOf(route)} does not match: ${why}.`),
  ];
}

function describeRoute({ route, virtualHost }: Decision): string {
  if (route === undefined) return virtualHost === undefined ? "" : "No route matches: 404.";
  if (route.source === undefined) return "";
  return `Route ${nameOf(route)} matches: rule ${route.source.rule} of ${formatReference(route.source)}.`;
}

function nameOf({ name, source }: NonNullable<Decision["route"]>): string {
  return name === "" ? `http[${source?.rule ?? 0}]` : name;
}

function describeFault({ route }: Decision): readonly string[] {
  const delay = describeDelay(route?.fault);
  const abort = route?.fault?.abort;
  const aborted = abortProbability(route?.fault);
  return [
    ...(delay === null ? [] : [`A fault holds ${percent(delay.probability)} up for ${delay.milliseconds} ms.`]),
    ...(abort === undefined || aborted === 0
      ? []
      : [`A fault answers ${percent(aborted)} with ${abort.kind === "http" ? "" : "gRPC "}status ${abort.status}.`]),
  ];
}

function describeAnswer({ route, location }: Decision): string {
  const answer = route?.answer;
  if (answer === undefined) return "";
  if (answer.kind === "none") return "Its redirect has a status that Istio does not know: Envoy refuses the route.";
  return answer.kind === "redirect"
    ? `The proxy sends the caller to ${location} (${answer.status}).`
    : `The proxy answers ${answer.status} by itself.`;
}

function describeRewrite({ forwarded }: Decision, { path }: RoutedRequest): string {
  if (forwarded === undefined) return "";
  const changes = [
    ...(forwarded.path === path ? [] : [`the path ${forwarded.path}`]),
    ...(forwarded.authority === undefined ? [] : [`the host ${forwarded.authority}`]),
  ];
  return changes.length === 0 ? "" : `It is passed on with ${changes.join(" and ")}.`;
}

function describeChoice({ route, destinations }: Decision): string {
  const choice = route?.choice;
  if (choice === undefined) return "";
  const [destination] = destinations;
  const entry = [...choice.clusters].find(([, cluster]) => cluster === destination?.cluster.name);
  return entry === undefined
    ? `${formatReference(choice.source)} has it choose by ${choice.header}, and has no entry for this one.`
    : `${formatReference(choice.source)} has it choose by ${choice.header}: ${entry[0]}.`;
}

function percent(share: number): string {
  return share === 1 ? "all" : `${Math.round(share * 1_000_000) / 10_000} %`;
}

function place({ host, port, subset }: Cluster): string {
  return `${subset === undefined ? "" : `subset ${subset} of `}${host}:${port}`;
}

function describeDestination(cluster: Cluster, probability: number): string {
  const { endpoints, host, port } = cluster;
  const share = probability === 1 ? "It goes" : `${percent(probability)} go`;
  switch (endpoints.kind) {
    case "passthrough":
      return `${share} out of the mesh, to where the caller sent it.`;
    case "external":
      return `${share} out of the mesh, to ${endpoints.host}:${endpoints.port}.`;
    case "unknown":
      return `${share} to ${host}:${port}. ${endpoints.why}.`;
    case "none":
      return `${share} to ${host}, where nothing answers (503): ${endpoints.why}.`;
    case "pods":
      return `${share} to ${place(cluster)}.`;
  }
}

function describeRemoval({ virtualHost, removedHeaders }: Decision): readonly string[] {
  const removal = virtualHost?.removedHeaders.find(({ header }) => header === VIRTUAL_CLUSTER_HEADER);
  if (removal === undefined || !removedHeaders.includes(VIRTUAL_CLUSTER_HEADER)) return [];
  return [`${formatReference(removal.source)} takes ${VIRTUAL_CLUSTER_HEADER} off before it leaves.`];
}
