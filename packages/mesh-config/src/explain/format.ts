import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { formatReference } from "../kubernetes/resource.ts";
import type { ExplainedHop } from "./chain.ts";
import type { ExplainedDestination, Explanation, OwnResponse } from "./explain.ts";

/** An explanation as text for a person, ending in a line break. */
export function formatExplanation(explanation: Explanation): string {
  const { request, decidedBy, steps, warnings } = explanation;
  const headers = Object.entries(request.headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  const decided =
    decidedBy === null ? "the mesh itself" : `${formatReference(decidedBy)}, rule ${decidedBy.rule}${quoted(decidedBy.ruleName)}`;
  return [
    `${request.method} ${request.url}`,
    ...headers.map((header) => `  ${header}`),
    "",
    `  from        ${formatOrigin(explanation)}`,
    ...formatDestinations(explanation).map((line, index) => `${index === 0 ? "  goes to     " : "              "}${line}`),
    `  decided by  ${decided}`,
    `  arrives     with ${explanation.headerOnArrival === null ? `no ${VIRTUAL_CLUSTER_HEADER}` : `${VIRTUAL_CLUSTER_HEADER}: ${explanation.headerOnArrival}`}`,
    "",
    "  why",
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...(warnings.length === 0 ? [] : ["", "  not taken into account", ...warnings.map((warning) => `  - ${warning}`)]),
    "",
  ].join("\n");
}

/** A chain as text for a person: each request as {@link formatExplanation} has it, after who makes it and how often. */
export function formatChain({ explanation, next }: ExplainedHop): string {
  const then = next.map(({ workload, probability, hop }) => {
    const often = probability === 1 ? "" : `, which gets ${Math.round(probability * 1_000) / 10} % of those`;
    return `\nthen, by ${formatReference(workload)}${often}\n\n${formatChain(hop)}`;
  });
  return [formatExplanation(explanation), ...then].join("");
}

function quoted(name: string | undefined): string {
  return name === undefined ? "" : ` "${name}"`;
}

function formatOrigin({ from }: Explanation): string {
  if (from.kind === "gateway") return `gateway ${from.gateway}`;
  return from.workload === null ? "a client that is no workload of the mesh" : formatReference(from.workload);
}

function formatDestinations({ outcome, destinations, responses }: Explanation): readonly string[] {
  if (destinations.length === 0 && responses.length === 0)
    return [outcome === "no-route" ? "nowhere (404)" : "undetermined: the rule answers in a way that is not compiled"];
  return [
    ...responses.map((response) => `${share(response)}${formatResponse(response)}`),
    ...destinations.map((destination) => `${share(destination)}${formatDestination(destination, outcome)}`),
  ];
}

function formatResponse({ status, grpcStatus, location, because }: OwnResponse): string {
  const reason = { redirect: "a redirect", "direct-response": "the rule's own response", fault: "a fault" }[because];
  const grpc = grpcStatus === null ? "" : `, gRPC status ${grpcStatus}`;
  return `nowhere: the proxy answers ${status}${grpc} (${reason}${location === null ? "" : ` to ${location}`})`;
}

function formatDestination({ host, port, subset, workloads }: ExplainedDestination, outcome: Explanation["outcome"]): string {
  if (outcome === "external") return host === "*" ? "wherever the caller sent it, out of the mesh" : `${host}:${port}, out of the mesh`;
  const place = `${subset === null ? "" : `subset ${subset} of `}${host}:${port}`;
  if (workloads.length === 0)
    return outcome === "undetermined" ? `${place}: what answers there is not known` : `nothing (503): no workload is behind ${place}`;
  return `${workloads.map(formatReference).join(", ")} (${place})`;
}

function share({ probability }: { readonly probability: number }): string {
  return probability === 1 ? "" : `${Math.round(probability * 1000) / 10} %: `;
}
