import { type RoutedRequest, type RouteTable, route } from "@puggle/mesh-config";
import fc from "fast-check";
import { sendRaw } from "../../envoy/raw-request.ts";
import { CLUSTER_HEADER, type LoopbackSidecar, ROUTE_HEADER } from "../sidecars/loopback-sidecar.ts";
import { portOf } from "./differences.ts";
import { HEADER_VALUES, PATHS } from "./random-routing.ts";

const HOSTS = [
  "cart.shop.svc.cluster.local",
  "cart.shop",
  "cart",
  "CART.stock.svc",
  "cart.stock.svc.cluster.local.",
  "pricing.shop",
  "pricing.shop.svc.cluster.local",
  "two-ports.shop",
  "pod-1.headless.shop.svc.cluster.local",
  "api.payments.example",
  "eu.partner.example",
  "shop.stage.internal",
  "a.stage.internal",
  "nobody.example",
];
const NO_LINES: readonly string[] = [];
const lines = fc.oneof(
  { weight: 4, arbitrary: fc.constant(NO_LINES) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...HEADER_VALUES)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...HEADER_VALUES), fc.constantFrom(...HEADER_VALUES)) },
);

/** Requests to every kind of host, with all that rules ask for. */
export const randomRequest = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE"),
  host: fc.constantFrom(...HOSTS),
  path: fc
    .tuple(fc.constantFrom(...PATHS, "/items/12/x"), fc.constantFrom("", "", "?debug=yes", "?debug", "?x=1&debug=y"))
    .map((parts) => parts.join("")),
  headers: fc.record({ "x-user": lines, "x-tier": lines, "virtual-cluster-name": lines }),
});
type RandomRequest = typeof randomRequest extends fc.Arbitrary<infer Request> ? Request : never;

/** A request that an Envoy decided in another way than `route`. */
export interface Disagreement {
  readonly proxy: string;
  readonly request: RandomRequest;
  /** Every answer that would be right. */
  readonly expected: readonly string[];
  readonly actual: string;
}

/** Sends a request to one of a sidecar's listeners, and holds the answer against `route`. */
export async function findDisagreement(
  sidecar: LoopbackSidecar,
  routes: string,
  table: RouteTable,
  asked: RandomRequest,
): Promise<Disagreement | undefined> {
  const request = { ...asked, port: portOf(routes) };
  const expected = possibleAnswers(table, request);
  const answer = await sendRaw(sidecar.listeners[routes] ?? 0, request);
  const { location = "", [ROUTE_HEADER]: name = "", [CLUSTER_HEADER]: cluster = "" } = answer.headers;
  const actual = describeAnswer(answer.status, `${name}`, `${cluster}`, `${location}`);
  return expected.includes(actual) ? undefined : { proxy: sidecar.name, request, expected, actual };
}

function describeAnswer(status: number, name: string, cluster: string, location: string): string {
  return `${status} by route "${name}" to "${cluster}"${location === "" ? "" : `, sent to ${location}`}`;
}

/** No cluster has an endpoint here: where Envoy would pass a request on, it answers 503, and says to which cluster. */
function possibleAnswers(table: RouteTable, request: RoutedRequest): readonly string[] {
  const { route: decided, destinations, location = "", isOpaque } = route(table, request);
  // A pod's sidecar has no listener on a port that it is told of no host of; these have, with nothing but the last virtual host.
  if (isOpaque)
    return [
      table.unknown === "BlackHoleCluster" ? describeAnswer(502, "block_all", "", "") : describeAnswer(503, "allow_any", table.unknown, ""),
    ];
  if (decided === undefined) return [describeAnswer(404, "", "", "")];
  const { name, answer, fault } = decided;
  const abort = fault?.abort;
  const share = abort?.share === undefined ? 0 : abort.share.numerator / abort.share.denominator;
  // A cluster that nothing can be behind is not among those that istiod sends, and Envoy finds none.
  const found = destinations.map(({ cluster }) => (cluster.endpoints.kind === "none" ? "" : cluster.name));
  const clusters = answer === undefined ? found : [""];
  const aborted = abort !== undefined && share > 0 ? clusters.map((cluster) => describeAnswer(abortStatus(abort), name, cluster, "")) : [];
  if (share === 1) return aborted;
  if (answer?.kind === "redirect") return [...aborted, describeAnswer(answer.status, name, "", location)];
  if (answer?.kind === "response") return [...aborted, describeAnswer(answer.status, name, "", "")];
  return [...aborted, ...clusters.map((cluster) => describeAnswer(503, name, cluster, ""))];
}

/** gRPC's status stands in a header of its own, whoever asks. */
function abortStatus({ kind, status }: { readonly kind: string; readonly status: number }): number {
  return kind === "http" ? status : 200;
}
