import { http } from "../http-modules.ts";
import { processState } from "../process-state.ts";
import { kScope, type Scope, type Scoped } from "../scope.ts";
import { bindSocket } from "./events.ts";
import { readNameFromRawHeaders } from "./read-name.ts";
import { createRequestScope, enterRequest } from "./request-scope.ts";

/** A request over HTTP/1. */
export type Message = Scoped & { readonly rawHeaders: readonly string[] };

/**
 * Gives a request over HTTP/1 and its response, or its socket, a scope. `undefined` where this fails: the service must not notice.
 */
export function openMessage(request: Message, counterpart: unknown): Scope | undefined {
  if (request[kScope] !== undefined) return request[kScope];
  try {
    const scope = createRequestScope(readNameFromRawHeaders(request.rawHeaders, processState.settings?.baggage === true));
    if (counterpart instanceof http.ServerResponse) {
      enterRequest(scope, request, counterpart as Scoped);
    } else {
      request[kScope] = scope;
      bindSocket(counterpart, scope);
    }
    return scope;
  } catch {
    processState.counters.failures += 1;
    return undefined;
  }
}
