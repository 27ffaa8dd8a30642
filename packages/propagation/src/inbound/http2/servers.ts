import type { EventEmitter } from "node:events";
import net from "node:net";
import { http } from "../../http-modules.ts";
import { processState } from "../../process-state.ts";
import { hookMethod, isObject, ownerOf } from "../../prototypes.ts";
import { isInScope, kScope, type Scope, type Scoped } from "../../scope.ts";
import { type Emit, emitInScope } from "../emit.ts";
import { installMessageEvents } from "../events.ts";
import { openMessage } from "../open-message.ts";
import { installHttp2SessionEvents } from "./sessions.ts";

/**
 * Makes every `node:http2` server run a request in a scope of its own, from the stream's first event to its last, with what the
 * stream pushes; also the HTTP/1 requests of servers with `allowHTTP1`.
 *
 * Node exports neither the classes of these servers nor those of their sessions and streams, and a secure server that is made just to
 * look at costs milliseconds of OpenSSL: so they are found when a server takes its first connection.
 */
export function installHttp2ServerHooks(): void {
  installMessageEvents();
  hookMethod(net.Server.prototype, "emit", watchfulEmit);
}

function watchfulEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter, event, ...values) {
    if (event === "connection" || event === "session") meet(this, event, values[0]);
    return inherited.call(this, event, ...values);
  };
}

/** Hooks the classes of a server and of its session where they are new. */
function meet(server: EventEmitter, event: string, value: unknown): void {
  if (!("updateSettings" in server)) return;
  try {
    const servers = ownerOf(server, "updateSettings");
    if (servers !== undefined) hookMethod(servers, "emit", scopedServerEmit);
    if (event === "session" && isObject(value)) installHttp2SessionEvents(value);
  } catch {
    processState.counters.failures += 1;
  }
}

function scopedServerEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter, event, ...values) {
    const [request, counterpart] = values;
    if (processState.settings?.inbound !== true || !isObject(request)) return inherited.call(this, event, ...values);
    if (request instanceof http.IncomingMessage) {
      const scope = openMessage(request, counterpart);
      if (scope === undefined || isInScope(scope)) return inherited.call(this, event, ...values);
      return emitInScope(scope, inherited, this, event, ...values);
    }
    // A compatibility request: its stream's scope is the current one.
    const scope = scopeOfStream(request);
    if (scope !== undefined) {
      (request as Scoped)[kScope] = scope;
      if (isObject(counterpart)) (counterpart as Scoped)[kScope] = scope;
    }
    return inherited.call(this, event, ...values);
  };
}

function scopeOfStream(request: object): Scope | undefined {
  const stream: unknown = "stream" in request ? request.stream : undefined;
  return isObject(stream) ? (stream as Scoped)[kScope] : undefined;
}
