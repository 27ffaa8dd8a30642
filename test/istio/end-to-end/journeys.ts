import { type ExplainedHop, type Explanation, explainChain, type KubernetesResource } from "@puggle/mesh-config";
import type { RunningPod } from "../node/running-pod.ts";
import type { Arrival, Call } from "./hops.ts";
import type { Journey } from "./random-calls.ts";
import { isMember, propagates } from "./shop.ts";

const HEADER = "virtual-cluster-name";
const OUTSIDE = "world";

/** What became of a request's calls, as far as they came. */
export interface Travelled {
  /** What came of each, first to last. */
  readonly ends: readonly ("member" | "baseline" | "outside" | "answered")[];
  /** Where one went otherwise than `explain` said. */
  readonly detour: Detour | undefined;
}

interface Detour {
  readonly from: string;
  readonly call: Call;
  /** What could have come of the call. */
  readonly expected: readonly string[];
  readonly actual: string;
}

/** Sends a request into the mesh by a pod, and holds each of its hops against what `explain` says of them. */
export async function travel(pod: RunningPod, resources: readonly KubernetesResource[], journey: Journey): Promise<Travelled> {
  const [first, ...rest] = journey.calls;
  if (first === undefined) throw new Error("a journey has a call");
  const handedOn = propagates(pod.name) ? journey.virtualCluster : null;
  const headers = { ...(handedOn === null ? {} : { [HEADER]: handedOn }), ...first.headers };
  let expected: ExplainedHop | undefined = explainChain(resources, { ...first, from: pod.proxy, headers }, rest, {
    isPropagating: ({ name }) => propagates(name),
  });
  const entered = journey.virtualCluster === null ? {} : { [HEADER]: journey.virtualCluster };
  const then = encodeURIComponent(JSON.stringify(journey.calls));
  const answer = await fetch(`http://${pod.address}:8080/`, { headers: { ...entered, "x-then": then } });
  let arrival = (await answer.json()) as Arrival;
  const ends: Travelled["ends"][number][] = [];
  for (const call of journey.calls) {
    if (expected === undefined || arrival.next === null) throw new Error("every call is made and explained");
    const possible = possibleEnds(expected.explanation);
    const actual = describe(arrival.next);
    if (!possible.includes(actual)) return { ends, detour: { from: arrival.pod, call, expected: possible, actual } };
    const reached: Arrival | null = arrival.next.arrival;
    ends.push(reached === null ? "answered" : kindOf(workloadOf(reached.pod)));
    // Nobody is left to make the next call.
    if (reached === null || reached.pod.startsWith(OUTSIDE)) break;
    expected = expected.next.find(({ workload }) => workload.name === workloadOf(reached.pod))?.hop;
    arrival = reached;
  }
  return { ends, detour: undefined };
}

function kindOf(workload: string): Travelled["ends"][number] {
  if (workload === OUTSIDE) return "outside";
  return isMember(workload) ? "member" : "baseline";
}

function workloadOf(pod: string): string {
  return pod.split("-").slice(0, -2).join("-");
}

function describe({ status, location, arrival }: NonNullable<Arrival["next"]>): string {
  if (arrival === null) return answered(status, location);
  return arrived(workloadOf(arrival.pod), arrival);
}

function possibleEnds({ outcome, destinations, responses, forwarded, headerOnArrival: header }: Explanation): readonly string[] {
  if (outcome === "no-route") return [answered(404, null)];
  const arrivals = destinations.flatMap(({ workloads }) => {
    if (outcome === "external") return [OUTSIDE];
    return workloads.map(({ name }) => name);
  });
  const isSomeUnavailable = outcome !== "external" && destinations.some(({ workloads }) => workloads.length === 0);
  return [
    ...responses.map(({ status, location }) => answered(status, location)),
    ...arrivals.map((workload) => arrived(workload, { host: forwarded?.host ?? "", path: forwarded?.path ?? "", header })),
    ...(isSomeUnavailable ? [answered(503, null)] : []),
  ];
}

function answered(status: number, location: string | null): string {
  return `answered ${status}${location === null ? "" : ` to ${location}`}`;
}

function arrived(workload: string, { host, path, header }: Pick<Arrival, "host" | "path" | "header">): string {
  return `arrived at ${workload} as ${host}${path} with ${header === null ? "no header" : `${HEADER}: ${header}`}`;
}
