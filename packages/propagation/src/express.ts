import type { IncomingMessage, ServerResponse } from "node:http";
import { isSwitchedOff } from "./environment.ts";
import { installMessageEvents } from "./inbound/events.ts";
import { readNameFromHeaders } from "./inbound/read-name.ts";
import { createRequestScope, enterRequest } from "./inbound/request-scope.ts";
import { processState } from "./process-state.ts";
import { kScope, runInScope, type Scope, type Scoped } from "./scope.ts";

/** A middleware of Express 4 or 5, or of anything that speaks their `(req, res, next)`. */
export type VirtualClusterMiddleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Takes the name of the virtual cluster from each request: for services that prefer a visible line to the server hook
 * (`register({ inbound: false })`).
 *
 * Use it before any other middleware: what runs before it runs in no scope. Where the server hook is active too, that one has
 * the word and this does nothing.
 *
 * @example
 * ```ts
 * import { register } from "@puggle/propagation";
 * import { virtualCluster } from "@puggle/propagation/express";
 * import express from "express";
 *
 * register({ inbound: false });
 * const app = express();
 * app.use(virtualCluster());
 * ```
 */
export function virtualCluster(): VirtualClusterMiddleware {
  if (isSwitchedOff(process.env)) return (_request, _response, next) => next();
  installMessageEvents();
  return (request: IncomingMessage & Scoped, response: ServerResponse & Scoped, next) => {
    if (request[kScope] !== undefined) return next();
    const scope = openScope(request, response);
    return scope === undefined ? next() : runInScope(scope, () => next());
  };
}

function openScope(request: IncomingMessage & Scoped, response: ServerResponse & Scoped): Scope | undefined {
  try {
    const scope = createRequestScope(readNameFromHeaders(request.headers, processState.settings?.baggage ?? true));
    enterRequest(scope, request, response);
    return scope;
  } catch {
    processState.counters.failures += 1;
    return undefined;
  }
}
