import { activeContext, isSuppressedIn, isTraced } from "./registered.ts";

/**
 * Is this code sending what an OpenTelemetry exporter collected? That is nobody's request, though a timer that a request armed may
 * have led here.
 *
 * Exporters suppress tracing of their own traffic, and so do instrumentations for inbound requests that they are told to ignore, whose calls are
 * the request's all the same. Such a request has no trace, while an exporter's timer keeps that of the request that armed it, if any did.
 *
 * @param isOutside - does this code run in no request's scope? Then there is no request that could be ignored.
 */
export function isExporting(isOutside: boolean): boolean {
  const context = activeContext();
  return context !== undefined && isSuppressedIn(context) && (isOutside || isTraced(context));
}
