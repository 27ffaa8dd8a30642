import type { Context } from "@opentelemetry/api";
import { processState } from "../process-state.ts";
import { type OpenTelemetryToken, resolveName } from "../scope.ts";

/** Made as `createContextKey` makes its symbols, so that all copies of this library share it. */
const TOKEN = Symbol.for("puggle.dev/virtual-cluster");

/** What `extract` left in a Context. */
export function tokenOf(context: Context | undefined): OpenTelemetryToken | undefined {
  return context?.getValue(TOKEN) as OpenTelemetryToken | undefined;
}

/** A Context in which this name counts, until a scope is entered later. */
export function withToken(context: Context, name: string): Context {
  processState.tokens += 1;
  const token: OpenTelemetryToken = { name, sequence: processState.tokens };
  return context.setValue(TOKEN, token);
}

/** The name that counts in a Context. */
export function nameIn(context: Context | undefined): string | undefined {
  return resolveName(tokenOf(context));
}
