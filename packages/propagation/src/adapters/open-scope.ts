import { installMessageEvents } from "../inbound/events.ts";
import { installHttp2MessageEvents, installHttp2StreamEvents } from "../inbound/http2/events.ts";
import { isHandedOverByParser } from "../inbound/parser.ts";
import { type MessageHeaders, readNameFromMessage } from "../inbound/read-name.ts";
import { createRequestScope, enterRequest } from "../inbound/request-scope.ts";
import { processState } from "../process-state.ts";
import { enterScopeForThisCall, isInScope, kScope, reenterScope, type Scope, type Scoped } from "../scope.ts";

/** A request of a Node.js server, as far as adapters look at it. */
interface ServerRequest extends Scoped, MessageHeaders {
  readonly socket?: unknown;
  readonly httpVersionMajor?: number;
  /** The stream behind a request of HTTP/2. */
  readonly stream?: Scoped | undefined;
}

/** Prepares the process for {@link openScope}: once for each adapter that a service makes. */
export function prepareScopes(): void {
  installMessageEvents();
  installHttp2MessageEvents();
}

/**
 * Gives a request and its response the scope that the rest of the request is to run in. `undefined` where a server hook has done so
 * already, which has the word, and where this fails: the service must not notice.
 */
export function openScope(request: ServerRequest, response: object): Scope | undefined {
  try {
    if (request[kScope] !== undefined) return undefined;
    const stream = request.httpVersionMajor === 2 ? request.stream : undefined;
    if (stream?.[kScope] !== undefined) return undefined;
    const scope = createRequestScope(readNameFromMessage(request, readsBaggage()));
    if (stream !== undefined) {
      installHttp2StreamEvents(stream);
      (response as Scoped)[kScope] = scope;
    }
    // A response over HTTP/2 does not close where a HEAD request is cut off: its stream always does.
    enterRequest(scope, request, stream ?? response);
    return scope;
  } catch {
    processState.counters.failures += 1;
    return undefined;
  }
}

/** Goes on with a request that an adapter has just opened, in its scope. */
export function goOnInScope<T>(request: ServerRequest, scope: Scope, next: () => T): T {
  return isInScope(scope) || enterUntilParserGoesOn(request, scope) ? next() : reenterScope(scope, next);
}

/**
 * Where the parser of its connection hands the request over right now, the scope may end with that call: to leave it before costs as much as all else here.
 * Not so where somebody has entered another scope around this: that one is to go on afterwards.
 */
function enterUntilParserGoesOn(request: ServerRequest, scope: Scope): boolean {
  if (request.httpVersionMajor !== 1 || processState.storage.getStore() !== undefined) return false;
  return isHandedOverByParser(request) && enterScopeForThisCall(scope);
}

/** A middleware may be in use without `register()`, where a service only asks for the name. */
export function readsBaggage(): boolean {
  return processState.settings?.baggage ?? true;
}
