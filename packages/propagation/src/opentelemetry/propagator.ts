import {
  type Context,
  context as contextApi,
  createContextKey,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from "@opentelemetry/api";
import { readBaggage } from "../baggage/read.ts";
import { rewriteBaggage } from "../baggage/rewrite.ts";
import { BAGGAGE_KEY, findNameFault, HEADER } from "../names.ts";
import { processState } from "../process-state.ts";
import { type OpenTelemetryToken, resolveName } from "../scope.ts";

const TOKEN = createContextKey("puggle.dev/virtual-cluster");
/**
 * The key under which OpenTelemetry says that the exporters' own traffic is being sent (`suppressTracing` of
 * `@opentelemetry/core`).
 */
const SUPPRESS_TRACING = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

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
  constructor() {
    processState.readToken ??= () => tokenOf(contextApi.active());
  }

  /** Writes the name into a carrier that has none, unless the outbound hooks do so or tracing is suppressed. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    if (processState.settings?.outbound === true || context.getValue(SUPPRESS_TRACING) === true) return;
    const name = resolveName(tokenOf(context));
    if (name === undefined) return;
    if (readFrom(carrier, HEADER) !== undefined) {
      processState.counters.withheld["caller-set"] += 1;
      return;
    }
    setter.set(carrier, HEADER, name);
    processState.counters.sent += 1;
    const baggage = readFrom(carrier, "baggage");
    const agreeing = baggage === undefined ? undefined : rewriteBaggage(baggage, name);
    if (agreeing === undefined) return;
    setter.set(carrier, "baggage", agreeing);
    processState.counters.baggageRewritten += 1;
  }

  /** Takes the name from the header, or from baggage where the header is absent. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = joined(getter.get(carrier, HEADER));
    if (header === undefined) return extractFromBaggage(context, joined(getter.get(carrier, "baggage")));
    const fault = findNameFault(header);
    if (fault !== undefined) {
      processState.counters.dropped.header[fault] += 1;
      return context;
    }
    processState.counters.received.header += 1;
    return withAgreeingBaggage(withToken(context, header), header);
  }

  /** The headers that this propagator writes. */
  fields(): string[] {
    return [HEADER];
  }
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

function withToken(context: Context, name: string): Context {
  processState.tokens += 1;
  const token: OpenTelemetryToken = { name, sequence: processState.tokens };
  return context.setValue(TOKEN, token);
}

function withAgreeingBaggage(context: Context, name: string): Context {
  const baggage = propagation.getBaggage(context);
  const entry = baggage?.getEntry(BAGGAGE_KEY);
  if (baggage === undefined || entry === undefined || entry.value === name) return context;
  processState.counters.conflicts += 1;
  return propagation.setBaggage(context, baggage.setEntry(BAGGAGE_KEY, { ...entry, value: name }));
}

function tokenOf(context: Context): OpenTelemetryToken | undefined {
  return context.getValue(TOKEN) as OpenTelemetryToken | undefined;
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? (value.length === 0 ? undefined : value.join(",")) : value;
}

/**
 * A carrier can only be written through its setter; the shapes that instrumentations use are read here. Header names have no
 * case.
 */
function readFrom(carrier: unknown, header: string): string | undefined {
  if (typeof carrier !== "object" || carrier === null) return undefined;
  if ("get" in carrier && typeof carrier.get === "function") return carrier.get(header) ?? undefined;
  for (const [key, value] of Object.entries(carrier)) if (key.toLowerCase() === header && value !== undefined) return String(value);
  return undefined;
}
