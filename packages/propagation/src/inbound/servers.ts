import type { EventEmitter } from "node:events";
import { http, https } from "../http-modules.ts";
import { processState } from "../process-state.ts";
import { kScope, type Scope, type Scoped } from "../scope.ts";
import { bindSocket, type Emit, emitInScope, installMessageEvents } from "./events.ts";
import { readNameFromRawHeaders } from "./read-name.ts";
import { createRequestScope, enterRequest } from "./request-scope.ts";

/**
 * Makes every `node:http` and `node:https` server run a request in a scope of its own, by an `emit` of their own.
 *
 * The diagnostics channel `http.server.request.start` would not do: it can not wrap what follows, and it does not fire for
 * upgrades.
 */
export function installServerHooks(): void {
  if (processState.hooks.servers) return;
  processState.hooks.servers = true;
  installMessageEvents();
  for (const prototype of [http.Server.prototype, https.Server.prototype]) {
    const inherited = prototype.emit as Emit;
    Object.defineProperty(prototype, "emit", { value: scopedServerEmit(inherited), writable: true, configurable: true });
  }
}

/** The events of a server that hand over a request. */
function isRequestEvent(event: string | symbol): boolean {
  return event === "request" || event === "upgrade" || event === "connect" || event === "checkContinue" || event === "checkExpectation";
}

function scopedServerEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter, event, ...values) {
    if (!isRequestEvent(event) || processState.settings?.inbound !== true) return inherited.call(this, event, ...values);
    const scope = openScope(values[0], values[1]);
    if (scope === undefined) return inherited.call(this, event, ...values);
    return emitInScope(scope, inherited, this, event, values);
  };
}

/** Gives the request and its response, or its socket, a scope. `undefined` where this fails: the service must not notice. */
function openScope(request: unknown, counterpart: unknown): Scope | undefined {
  try {
    const inbound = request as Scoped & { readonly rawHeaders: readonly string[] };
    if (inbound[kScope] !== undefined) return inbound[kScope];
    const scope = createRequestScope(readNameFromRawHeaders(inbound.rawHeaders, processState.settings?.baggage === true));
    if (isResponse(counterpart)) {
      enterRequest(scope, inbound, counterpart);
    } else {
      inbound[kScope] = scope;
      bindSocket(counterpart, scope);
    }
    return scope;
  } catch {
    processState.counters.failures += 1;
    return undefined;
  }
}

function isResponse(counterpart: unknown): counterpart is Scoped {
  return typeof counterpart === "object" && counterpart !== null && "writeHead" in counterpart;
}
