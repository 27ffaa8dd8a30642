import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { readBaggage } from "../baggage/read.ts";
import { rewriteBaggage } from "../baggage/rewrite.ts";
import { isSwitchedOff, readBaggageUse, readName } from "../environment.ts";
import { BAGGAGE_KEY, findNameFault, HEADER } from "../names.ts";
import { processState } from "../process-state.ts";
import { noteWritten, watchForCallersHeader } from "./callers-header.ts";
import { activeContext, baggageOf, isSuppressedIn, withBaggage } from "./registered.ts";
import { nameIn, tokenOf, withToken } from "./token.ts";

/**
 * Carries the name of the virtual cluster through OpenTelemetry's propagation: through its instrumentations of message queues
 * and the like, and, where the hooks of `register()` are not in use, through those of HTTP clients.
 *
 * There is one writer: while the outbound hooks are active, `inject` writes nothing. Without them it does, and then **nothing
 * guards targets**: OpenTelemetry never tells a propagator where a request goes, so the header goes wherever the
 * instrumentations inject it, third parties included.
 *
 * Place it last in a composite, so that it sees the baggage that the baggage propagator took: where header and baggage name
 * different virtual clusters, the header wins, and the baggage in the Context, hence outgoing baggage, is made to agree.
 *
 * @example
 * ```ts
 * import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
 * import { NodeSDK } from "@opentelemetry/sdk-node";
 * import { VirtualClusterPropagator } from "@puggle/propagation/opentelemetry";
 *
 * const sdk = new NodeSDK({
 *   textMapPropagator: new CompositePropagator({
 *     propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), new VirtualClusterPropagator()],
 *   }),
 * });
 * sdk.start();
 * ```
 */
export class VirtualClusterPropagator implements TextMapPropagator {
  readonly #isOff = isSwitchedOff(process.env);
  readonly #baggage = readBaggageUse(process.env);

  /** Reads the environment: with `PUGGLE_PROPAGATION=off` it never reads or writes anything. */
  constructor() {
    if (this.#isOff) return;
    processState.readToken ??= () => tokenOf(activeContext());
    if (processState.settings === undefined) belongToVirtualCluster(readName(process.env));
  }

  /** Writes the name into a carrier that has none, unless the outbound hooks do so or tracing is suppressed. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    if (this.#isOff || processState.settings?.outbound === true) return;
    try {
      write(context, carrier, setter);
    } catch {
      processState.counters.failures += 1;
    }
  }

  /** Takes the name from the header, or from baggage where the header is absent. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    if (this.#isOff) return context;
    try {
      return read(context, carrier, getter, processState.settings?.baggage ?? this.#baggage.reads);
    } catch {
      processState.counters.failures += 1;
      return context;
    }
  }

  /** The headers that this propagator writes. */
  fields(): string[] {
    return [HEADER];
  }
}

function write(context: Context, carrier: unknown, setter: TextMapSetter): void {
  if (isSuppressedIn(context)) return;
  watchForCallersHeader();
  const name = nameIn(context);
  if (name === undefined) return;
  if (readFrom(carrier, HEADER) !== undefined) {
    processState.counters.withheld["caller-set"] += 1;
    return;
  }
  setter.set(carrier, HEADER, name);
  noteWritten(name);
  processState.counters.sent += 1;
  const baggage = readFrom(carrier, "baggage");
  const agreeing = baggage === undefined ? undefined : rewriteBaggage(baggage, name);
  if (agreeing === undefined) return;
  setter.set(carrier, "baggage", agreeing);
  processState.counters.baggageRewritten += 1;
}

function read(context: Context, carrier: unknown, getter: TextMapGetter, readsBaggage: boolean): Context {
  watchForCallersHeader();
  const header = joined(getter.get(carrier, HEADER));
  if (header === undefined) return readsBaggage ? extractFromBaggage(context, joined(getter.get(carrier, "baggage"))) : context;
  const fault = findNameFault(header);
  if (fault !== undefined) {
    processState.counters.dropped.header[fault] += 1;
    return context;
  }
  processState.counters.received.header += 1;
  return withAgreeingBaggage(withToken(context, header), header);
}

/** Without `register()`, nobody else reads what this process belongs to. */
function belongToVirtualCluster(name: string | undefined): void {
  if (name !== undefined) processState.outside = { name, token: undefined };
}

function extractFromBaggage(context: Context, header: string | undefined): Context {
  const { counters } = processState;
  const reading = header === undefined ? undefined : readBaggage(header);
  if (reading === undefined) return context;
  if ("fault" in reading) {
    counters.dropped.baggage[reading.fault] += 1;
    return context;
  }
  counters.received.baggage += 1;
  return withToken(context, reading.name);
}

function withAgreeingBaggage(context: Context, name: string): Context {
  const baggage = baggageOf(context);
  const entry = baggage?.getEntry(BAGGAGE_KEY);
  if (baggage === undefined || entry === undefined || entry.value === name) return context;
  processState.counters.conflicts += 1;
  return withBaggage(context, baggage.setEntry(BAGGAGE_KEY, { ...entry, value: name }));
}

function joined(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(",");
  return value === undefined || value === null ? undefined : String(value);
}

/**
 * A carrier can only be written through its setter; the shapes that instrumentations use are read here, gRPC's `Metadata` and `Headers` among
 * them. Header names have no case.
 */
function readFrom(carrier: unknown, header: string): string | undefined {
  if (typeof carrier !== "object" || carrier === null) return undefined;
  if ("get" in carrier && typeof carrier.get === "function") return joined(carrier.get(header));
  for (const [key, value] of Object.entries(carrier)) {
    if (key.length === header.length && key.toLowerCase() === header && value !== undefined) return joined(value);
  }
  return undefined;
}
