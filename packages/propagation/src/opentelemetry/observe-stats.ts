import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { Counters } from "../counters.ts";
import { describeValue, PropagationError } from "../errors.ts";
import { processState } from "../process-state.ts";
import { registered } from "./registered.ts";

/** Gives each number of a counter, with what tells it from the counter's others. */
type Read = (counters: Counters) => readonly (readonly [value: number, attributes: Attributes])[];

interface CounterOfOurs {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly read: Read;
}

const COUNTERS: readonly CounterOfOurs[] = [
  {
    name: "received",
    unit: "{name}",
    description: "Names taken from inbound requests, by source",
    read: ({ received }) => by("source", received),
  },
  {
    name: "dropped",
    unit: "{value}",
    description: "Inbound values that are no name, by source and reason",
    read: ({ dropped }) => [...by("reason", dropped.header, { source: "header" }), ...by("reason", dropped.baggage, { source: "baggage" })],
  },
  {
    name: "conflicts",
    unit: "{request}",
    description: "Inbound requests whose header and baggage differ",
    read: ({ conflicts }) => [[conflicts, {}]],
  },
  { name: "sent", unit: "{request}", description: "Outbound requests that got the header", read: ({ sent }) => [[sent, {}]] },
  {
    name: "withheld",
    unit: "{request}",
    description: "Outbound requests that did not get the header, by reason",
    read: ({ withheld }) => by("reason", withheld),
  },
  {
    name: "lost",
    unit: "{request}",
    description: "Calls to targets in no scope while a request with a name was in flight",
    read: ({ lost }) => [[lost, {}]],
  },
  {
    name: "baggage",
    unit: "{request}",
    description: "Outbound requests whose baggage was made to say what the header says, by what was done",
    read: ({ baggageRewritten, baggageWritten }) => by("change", { rewritten: baggageRewritten, written: baggageWritten }),
  },
  {
    name: "failures",
    unit: "{error}",
    description: "Errors inside the hooks, kept from the service",
    read: ({ failures }) => [[failures, {}]],
  },
];

function by(key: string, counts: Readonly<Record<string, number>>, others: Attributes = {}): [number, Attributes][] {
  return Object.entries(counts).map(([value, count]) => [count, { ...others, [key]: value }]);
}

/**
 * Reports `stats()` as OpenTelemetry's observable counters `puggle.propagation.*`: `received`, `dropped`, `conflicts`, `sent`, `withheld`, `lost`,
 * `baggage` and `failures`. Their attributes are sources and reasons, never names or hosts: some 25 time series a process,
 * whatever the traffic.
 *
 * It costs nothing until a reader collects. Call it once metrics are set up; without a meter provider it does nothing.
 *
 * @param meter - where to register them; by default, a meter `@puggle/propagation` of the global meter provider.
 * @returns a function that stops reporting.
 * @throws {@link PropagationError} `PUGGLE_INVALID_ARGUMENT` for what is no meter.
 *
 * @example
 * ```ts
 * import { NodeSDK } from "@opentelemetry/sdk-node";
 * import { observeStats } from "@puggle/propagation/opentelemetry";
 *
 * const sdk = new NodeSDK();
 * sdk.start();
 * const stop = observeStats();
 * ```
 */
export function observeStats(meter: Meter | undefined = registered()?.metrics?.getMeter("@puggle/propagation")): () => void {
  if (meter === undefined) return () => {};
  if (typeof meter?.createObservableCounter !== "function" || typeof meter.addBatchObservableCallback !== "function") {
    throw new PropagationError(
      "PUGGLE_INVALID_ARGUMENT",
      `observeStats() takes a meter of OpenTelemetry's, and this is ${describeValue(meter)}`,
    );
  }
  const readers = new Map<Observable, Read>();
  for (const { name, unit, description, read } of COUNTERS) {
    readers.set(meter.createObservableCounter(`puggle.propagation.${name}`, { unit, description }), read);
  }
  const observables = [...readers.keys()];
  const observe = (result: BatchObservableResult): void => {
    for (const [observable, read] of readers) {
      for (const [value, attributes] of read(processState.counters)) result.observe(observable, value, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}
