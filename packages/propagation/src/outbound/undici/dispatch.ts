import { processState } from "../../process-state.ts";
import { isObject } from "../../prototypes.ts";
import { currentScope, kScope, UNCERTAIN } from "../../scope.ts";
import { returnFromConnecting } from "./connections.ts";
import {
  dispatchingHandler,
  dispatchingScope,
  exchangeDispatching,
  exchangeDispatchingHandler,
  setCurrentDispatcher,
} from "./dispatching.ts";
import { type DispatchHandler, scopeHandler } from "./handler.ts";
import { type Dispatch, type DispatchOptions, kBound, scopeOfHandler, withScope } from "./options.ts";
import { isRequestHandler, scopeOfRequest } from "./request-handler.ts";
import { findOwner, wrapMethod } from "./wrapping.ts";

type Compose = (this: unknown, ...interceptors: unknown[]) => unknown;

/**
 * Wraps `dispatch` and `compose` on the prototypes that a dispatcher inherits from.
 *
 * Undici's queues drain from whichever request happens to free a connection, redirects and retries go out from socket
 * callbacks: the diagnostics channel alone, read with the current scope, gives hundreds of wrong names in 400 requests. So the
 * scope travels with the request itself: as a symbol in its options, which interceptors, queues, redirects and retries copy
 * along.
 */
export function wrapDispatcherPrototypes(prototype: object | null): boolean {
  const dispatchers = findOwner(prototype, "dispatch");
  if (dispatchers === undefined) return false;
  // Undici 6 follows redirects by itself, with options and handler of its own.
  wrapMethod(dispatchers, "dispatch", "interceptors" in dispatchers ? scopedDispatch : scopedDispatchWithRequests);
  const composers = findOwner(prototype, "compose");
  if (composers !== undefined) wrapMethod(composers, "compose", scopedCompose);
  return true;
}

/** As {@link scopedDispatch}, and cheaper for undici's own `request`: neither its options are copied nor its handler is wrapped. */
function scopedDispatchWithRequests(inherited: Dispatch): Dispatch {
  const dispatchOther = scopedDispatch(inherited);
  return function dispatch(this: unknown, options, handler) {
    // From an agent to its pool to its client: this is that same dispatch still.
    if (handler !== undefined && handler === dispatchingHandler()) {
      setCurrentDispatcher(this);
      return inherited.call(this, options, handler);
    }
    if (processState.settings?.outbound !== true || !isObject(options) || !isObject(handler) || !isRequestHandler(handler)) {
      return dispatchOther.call(this, options, handler);
    }
    setCurrentDispatcher(this);
    const outerScope = exchangeDispatching(scopeOfRequest(handler, options));
    const outerHandler = exchangeDispatchingHandler(handler);
    try {
      return inherited.call(this, options, handler);
    } finally {
      exchangeDispatchingHandler(outerHandler);
      exchangeDispatching(outerScope);
      returnFromConnecting();
    }
  };
}

function scopedDispatch(inherited: Dispatch): Dispatch {
  return function dispatch(this: unknown, options, handler) {
    if (processState.settings?.outbound !== true || !isObject(options) || !isObject(handler)) {
      return inherited.call(this, options, handler);
    }
    setCurrentDispatcher(this);
    const { [kBound]: bound, [kScope]: held }: DispatchOptions = options;
    // From an agent to its pool to its client: this is that same dispatch still.
    if (bound !== undefined && bound === dispatchingScope()) return inherited.call(this, options, handler);
    const scope = bound ?? held ?? scopeOfHandler(handler) ?? currentScope();
    const outer = exchangeDispatching(scope);
    try {
      if (bound !== undefined) return inherited.call(this, options, handler);
      // The caller's own options are left as they are: callers use them again.
      return inherited.call(this, withScope(options, kBound, scope), scopeHandler(handler as DispatchHandler, scope));
    } finally {
      exchangeDispatching(outer);
      returnFromConnecting();
    }
  };
}

/**
 * Adds an outermost interceptor that attaches the scope before any other one may hold the request back.
 */
function scopedCompose(inherited: Compose): Compose {
  return function compose(this: unknown, ...interceptors) {
    const list: unknown[] = Array.isArray(interceptors[0]) ? interceptors[0] : interceptors;
    return inherited.call(this, refuseToGuess, ...list, attachScopeFirst);
  };
}

function attachScopeFirst(next: (options: unknown, handler: unknown) => unknown) {
  return function dispatchInScope(options: unknown, handler: unknown): unknown {
    if (processState.settings?.outbound !== true || !isObject(options) || !isObject(handler)) return next(options, handler);
    if (kScope in options || kBound in options) return next(options, handler);
    const scope = scopeOfHandler(handler) ?? currentScope();
    return next(withScope(options, kScope, scope), scopeHandler(handler as DispatchHandler, scope));
  };
}

/** The innermost interceptor: where the others have replaced both options and handler, nothing tells any more whose request it is. */
function refuseToGuess(next: (options: unknown, handler: unknown) => unknown) {
  return function dispatchKnown(options: unknown, handler: unknown): unknown {
    if (processState.settings?.outbound !== true || !isObject(options) || !isObject(handler)) return next(options, handler);
    if (kScope in options || kBound in options || scopeOfHandler(handler) !== undefined) return next(options, handler);
    return next(withScope(options, kScope, UNCERTAIN), handler);
  };
}
