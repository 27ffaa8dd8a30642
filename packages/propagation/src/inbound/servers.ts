import type { EventEmitter } from "node:events";
import { http, https } from "../http-modules.ts";
import { processState } from "../process-state.ts";
import { defineMethod } from "../prototypes.ts";
import { isInScope } from "../scope.ts";
import { type Emit, emitAsIs, emitInScope } from "./emit.ts";
import { installMessageEvents } from "./events.ts";
import { type Message, openMessage } from "./open-message.ts";

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
    defineMethod(prototype, "emit", scopedServerEmit(inherited));
  }
}

/** The events of a server that hand over a request. */
function isRequestEvent(event: string | symbol): boolean {
  return event === "request" || event === "upgrade" || event === "connect" || event === "checkContinue" || event === "checkExpectation";
}

function scopedServerEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter, event, ...values) {
    if (!isRequestEvent(event) || processState.settings?.inbound !== true) return emitAsIs(inherited, this, event, values);
    const scope = openMessage(values[0] as Message, values[1]);
    if (scope === undefined || isInScope(scope)) return emitAsIs(inherited, this, event, values);
    return emitInScope(scope, inherited, this, event, ...values);
  };
}
