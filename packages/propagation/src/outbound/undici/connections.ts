import { subscribe } from "node:diagnostics_channel";
import { EventEmitter } from "node:events";
import { bindEmitter } from "../../inbound/events.ts";
import { processState } from "../../process-state.ts";
import { createScope, currentName, type Scope } from "../../scope.ts";
import { dispatchingScope } from "./dispatching.ts";

/** What was current when it was left to open a connection. */
let left: { readonly store: Scope | undefined } | undefined;

/**
 * Makes undici open its connections in no scope: they outlive the request that opens them, and their events would for ever run in
 * that request's.
 *
 * Undici announces a connection just before it opens it, within the `dispatch` that needs it. Leaving the scope there, and
 * coming back when that dispatch returns, spares all the other dispatches the cost of it.
 */
export function subscribeToUndiciConnections(): void {
  subscribe("undici:client:beforeConnect", () => {
    // Outside a dispatch, nothing would come back.
    if (dispatchingScope() === undefined || currentName() === processState.outside.name) return;
    left ??= { store: processState.storage.getStore() };
    processState.storage.enterWith(createScope(processState.outside.name));
  });
  // A connection for a body that may be iterated is opened in a microtask after the dispatch, in its scope.
  subscribe("undici:client:connected", (message) => {
    if (processState.settings?.outbound !== true || currentName() === processState.outside.name) return;
    const { socket } = message as { readonly socket?: unknown };
    if (socket instanceof EventEmitter) bindEmitter(socket, createScope(processState.outside.name));
  });
}

/** Comes back to the scope that was left for a connection, if one was. */
export function returnFromConnecting(): void {
  if (left === undefined) return;
  processState.storage.enterWith(left.store);
  left = undefined;
}
