import type { EventEmitter } from "node:events";
import { http, https } from "../http-modules.ts";
import { processState } from "../process-state.ts";
import { defineMethod } from "../prototypes.ts";
import { enterScopeForThisCall, isEntered, kScope } from "../scope.ts";
import { type Emit, emitAsIs, emitInScope } from "./emit.ts";
import { installMessageEvents } from "./events.ts";
import { type Message, openMessage } from "./open-message.ts";
import { isHandedOverByParser } from "./parser.ts";

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

function scopedServerEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter, event, ...values) {
    if (processState.settings?.inbound !== true) return emitAsIs(inherited, this, event, values);
    switch (event) {
      case "request":
      case "upgrade":
      case "connect":
      case "checkContinue":
      case "checkExpectation": {
        const request = values[0] as Message;
        const isNew = request?.[kScope] === undefined;
        const scope = openMessage(request, values[1]);
        if (scope === undefined || isEntered(scope)) return emitAsIs(inherited, this, event, values);
        // Where somebody else's `emit` has called this one, it goes on after it, and must not find itself in the scope.
        if (event === "request" && isNew && this.emit === emit && isHandedOverByParser(request) && enterScopeForThisCall(scope))
          return emitAsIs(inherited, this, event, values);
        return emitInScope(scope, inherited, this, event, ...values);
      }
      default:
        return emitAsIs(inherited, this, event, values);
    }
  };
}
