import type { IncomingMessage, ServerResponse } from "node:http";
import { isInert } from "../inert.ts";
import { goOnInScope, openScope, prepareScopes } from "./open-scope.ts";

/** A middleware of Express 4 or 5, of NestJS, or of anything that speaks their `(req, res, next)`. */
export type VirtualClusterMiddleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** Makes the middleware that enters a request's scope and calls `next` there. */
export function createNodeMiddleware(): VirtualClusterMiddleware {
  if (isInert()) return (_request, _response, next) => next();
  prepareScopes();
  return (request, response, next) => {
    const scope = openScope(request, response);
    return scope === undefined ? next() : goOnInScope<void>(request, scope, next);
  };
}
