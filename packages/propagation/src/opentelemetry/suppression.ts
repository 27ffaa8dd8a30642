/** Where all copies of `@opentelemetry/api` 1.x keep what was registered with them. */
const API = Symbol.for("opentelemetry.js.api.1");

/** The key of `suppressTracing` in `@opentelemetry/core`: `createContextKey` makes its symbols with `Symbol.for`. */
const SUPPRESS_TRACING = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

interface RegisteredApi {
  readonly context?: { active(): { getValue(key: symbol): unknown } };
}

/**
 * Is this code sending what an OpenTelemetry exporter collected? That is nobody's request, though a timer that a request armed may
 * have led here.
 *
 * Read without `@opentelemetry/api`, of which there may be none, or another copy.
 */
export function isTracingSuppressed(): boolean {
  const api: RegisteredApi | undefined = Reflect.get(globalThis, API);
  return api?.context !== undefined && api.context.active().getValue(SUPPRESS_TRACING) === true;
}
