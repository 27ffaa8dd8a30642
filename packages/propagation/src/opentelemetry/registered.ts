import type { Baggage, Context, ContextManager, MeterProvider, Span } from "@opentelemetry/api";

/** Where all copies of `@opentelemetry/api` 1.x keep what was registered with them. */
const API: unique symbol = Symbol.for("opentelemetry.js.api.1");

/** The keys of OpenTelemetry's own values in a Context: `createContextKey` makes its symbols with `Symbol.for`. */
const SUPPRESS_TRACING = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");
const RPC_METADATA = Symbol.for("OpenTelemetry SDK Context Key RPC_METADATA");
const BAGGAGE = Symbol.for("OpenTelemetry Baggage Key");

const NO_TRACE = "0".repeat(32);

interface Registered {
  readonly context?: Pick<ContextManager, "active">;
  readonly metrics?: MeterProvider;
}

/**
 * What the service registered with OpenTelemetry.
 *
 * Read without `@opentelemetry/api`: a service may have none, and where it has an older one than this library would load, the newer
 * one refuses to see what was registered with the older.
 */
export function registered(): Registered | undefined {
  // At each call that carries a name: `Reflect.get` of the global object takes eight times as long.
  return (globalThis as { readonly [API]?: Registered })[API];
}

/** The Context that is active; `undefined` where OpenTelemetry is not in use. */
export function activeContext(): Context | undefined {
  return registered()?.context?.active();
}

/** Does this Context say that what an exporter collected is being sent (`suppressTracing` of `@opentelemetry/core`)? */
export function isSuppressedIn(context: Context): boolean {
  return context.getValue(SUPPRESS_TRACING) === true;
}

/**
 * Is this Context of a request that is traced, recorded or not?
 *
 * Beneath an instrumented client there is a span of no trace where tracing is suppressed; what the server's instrumentation said of the request
 * is there still.
 */
export function isTraced(context: Context): boolean {
  if (context.getValue(RPC_METADATA) !== undefined) return true;
  const span = context.getValue(SPAN) as Span | undefined;
  return span !== undefined && span.spanContext().traceId !== NO_TRACE;
}

/** The baggage of a Context. */
export function baggageOf(context: Context): Baggage | undefined {
  return context.getValue(BAGGAGE) as Baggage | undefined;
}

/** A Context with other baggage. */
export function withBaggage(context: Context, baggage: Baggage): Context {
  return context.setValue(BAGGAGE, baggage);
}
