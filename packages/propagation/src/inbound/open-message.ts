import type { EventEmitter } from "node:events";
import { Duplex } from "node:stream";
import { http } from "../http-modules.ts";
import { processState } from "../process-state.ts";
import { kScope, type Scope, type Scoped } from "../scope.ts";
import { bindSocket, bindWriteCallbacks } from "./events.ts";
import { type MessageHeaders, readNameFromMessage } from "./read-name.ts";
import { createRequestScope, enterRequest, leaveWithSocket } from "./request-scope.ts";

/** A request over HTTP/1. */
export interface Message extends Scoped, MessageHeaders {
  readonly socket?: EventEmitter | null;
}

/**
 * Gives a request over HTTP/1 and its response, or its socket, a scope. `undefined` where this fails: the service must not notice.
 */
export function openMessage(request: Message, counterpart: unknown): Scope | undefined {
  try {
    if (request[kScope] !== undefined) return request[kScope];
    const scope = createRequestScope(readNameFromMessage(request, processState.settings?.baggage === true));
    if (counterpart instanceof http.ServerResponse) {
      enterRequest(scope, request, counterpart);
      const { socket } = request;
      if (counterpart.socket === null && socket) {
        leaveWithSocket(socket, counterpart);
        bindWriteCallbacks(counterpart, scope);
      }
    } else {
      request[kScope] = scope;
      if (counterpart instanceof Duplex) bindSocket(counterpart, scope);
    }
    return scope;
  } catch {
    processState.counters.failures += 1;
    return undefined;
  }
}
