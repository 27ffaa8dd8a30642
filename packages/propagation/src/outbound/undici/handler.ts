import { AsyncResource } from "node:async_hooks";
import { bindSocket } from "../../inbound/events.ts";
import { isInScope, kScope, runInScope, type Scope, scopeKeptBy } from "../../scope.ts";
import { exchangeDispatching } from "./dispatching.ts";

/** No callback takes more than four arguments. */
type Callback = (a?: unknown, b?: unknown, c?: unknown, d?: unknown) => unknown;

/** What undici calls back, up to version 7. */
type OldCallback = "onConnect" | "onHeaders" | "onData" | "onComplete" | "onError" | "onUpgrade";
/** What it calls back from version 7 on. */
type NewCallback = "onRequestStart" | "onResponseStart" | "onResponseData" | "onResponseEnd" | "onResponseError" | "onRequestUpgrade";
type CallbackName = OldCallback | NewCallback | "onBodySent" | "onRequestSent" | "onResponseStarted";

/** A handler as undici knows it. */
export type DispatchHandler = { readonly [Name in CallbackName]: Callback };

class ScopedHandler {
  readonly handler: DispatchHandler;
  readonly [kScope]: Scope;
  /** The caller's async context; none is kept for callers in no virtual cluster. */
  readonly caller: AsyncResource | undefined;

  constructor(handler: DispatchHandler, scope: Scope) {
    this.handler = handler;
    this[kScope] = scope;
    this.caller = scope.name === undefined ? undefined : callerOf(handler, scope);
  }
}

/** Undici's own handlers of `request` and `stream` keep their caller's context already. */
function callerOf(handler: DispatchHandler, scope: Scope): AsyncResource {
  const isKept = handler instanceof AsyncResource && scopeKeptBy(handler) === scope;
  return isKept ? handler : runInScope(scope, () => new AsyncResource("PUGGLE_DISPATCH"));
}

/** Written out one by one, so that each of them stays fast: a property that is read by a variable name is not. */
const forwarders: { readonly [Name in CallbackName]: (this: ScopedHandler, a: unknown, b: unknown, c: unknown, d: unknown) => unknown } = {
  onConnect(a, b, c, d) {
    return forward(this, this.handler.onConnect, a, b, c, d);
  },
  onHeaders(a, b, c, d) {
    return forward(this, this.handler.onHeaders, a, b, c, d);
  },
  onData(a, b, c, d) {
    return forward(this, this.handler.onData, a, b, c, d);
  },
  onComplete(a, b, c, d) {
    return forward(this, this.handler.onComplete, a, b, c, d);
  },
  onError(a, b, c, d) {
    return forward(this, this.handler.onError, a, b, c, d);
  },
  onUpgrade(a, b, socket, d) {
    bindSocket(socket, this[kScope]);
    return forward(this, this.handler.onUpgrade, a, b, socket, d);
  },
  onRequestStart(a, b, c, d) {
    return forward(this, this.handler.onRequestStart, a, b, c, d);
  },
  onResponseStart(a, b, c, d) {
    return forward(this, this.handler.onResponseStart, a, b, c, d);
  },
  onResponseData(a, b, c, d) {
    return forward(this, this.handler.onResponseData, a, b, c, d);
  },
  onResponseEnd(a, b, c, d) {
    return forward(this, this.handler.onResponseEnd, a, b, c, d);
  },
  onResponseError(a, b, c, d) {
    return forward(this, this.handler.onResponseError, a, b, c, d);
  },
  onRequestUpgrade(a, b, c, socket) {
    bindSocket(socket, this[kScope]);
    return forward(this, this.handler.onRequestUpgrade, a, b, c, socket);
  },
  onBodySent(a, b, c, d) {
    return forward(this, this.handler.onBodySent, a, b, c, d);
  },
  onRequestSent(a, b, c, d) {
    return forward(this, this.handler.onRequestSent, a, b, c, d);
  },
  onResponseStarted(a, b, c, d) {
    return forward(this, this.handler.onResponseStarted, a, b, c, d);
  },
};

/** The bit that says that some callback is neither a function nor absent. */
const INVALID = 1 << 30;

/** One class for each set of callbacks that was seen: there are a handful in a service. */
const classes = new Map<number, typeof ScopedHandler>();

/**
 * Wraps a handler so that its callbacks run in the scope of its request, whichever socket or abort they come from.
 *
 * Undici tells old and new handlers apart, and checks them, by the methods that they have: the wrapper has just those of the
 * original.
 */
export function scopeHandler(handler: DispatchHandler, scope: Scope): object {
  const set = callbacksOf(handler);
  // Undici will refuse it, in its own words.
  if (set & INVALID) return handler;
  let HandlerClass = classes.get(set);
  if (HandlerClass === undefined) {
    HandlerClass = createClass(set);
    classes.set(set, HandlerClass);
  }
  return new HandlerClass(handler, scope);
}

/** The set of callbacks that a handler has, one bit for each of the forwarders in their order. */
function callbacksOf(handler: DispatchHandler): number {
  return (
    bitOf(handler.onConnect, 0) |
    bitOf(handler.onHeaders, 1) |
    bitOf(handler.onData, 2) |
    bitOf(handler.onComplete, 3) |
    bitOf(handler.onError, 4) |
    bitOf(handler.onUpgrade, 5) |
    bitOf(handler.onRequestStart, 6) |
    bitOf(handler.onResponseStart, 7) |
    bitOf(handler.onResponseData, 8) |
    bitOf(handler.onResponseEnd, 9) |
    bitOf(handler.onResponseError, 10) |
    bitOf(handler.onRequestUpgrade, 11) |
    bitOf(handler.onBodySent, 12) |
    bitOf(handler.onRequestSent, 13) |
    bitOf(handler.onResponseStarted, 14)
  );
}

function bitOf(callback: unknown, position: number): number {
  if (typeof callback === "function") return 1 << position;
  return callback === undefined ? 0 : INVALID;
}

function createClass(set: number): typeof ScopedHandler {
  class ScopedHandlerOfSet extends ScopedHandler {}
  Object.entries(forwarders).forEach(([name, value], position) => {
    if (set & (1 << position)) Object.defineProperty(ScopedHandlerOfSet.prototype, name, { value, writable: true, configurable: true });
  });
  return ScopedHandlerOfSet;
}

function forward(scoped: ScopedHandler, callback: Callback, a: unknown, b: unknown, c: unknown, d: unknown): unknown {
  const outer = exchangeDispatching(undefined);
  if (outer === undefined) return callBack(scoped, callback, a, b, c, d);
  // A callback that comes within a dispatch, with an error for example: what the service now sends through a copy of undici that we
  // do not know is not that dispatch's.
  try {
    return callBack(scoped, callback, a, b, c, d);
  } finally {
    exchangeDispatching(outer);
  }
}

function callBack(
  { handler, [kScope]: scope, caller }: ScopedHandler,
  callback: Callback,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
): unknown {
  // To go back to the caller's context costs a tenth of entering the scope anew. It is what undici does itself for its `request`.
  if (caller !== undefined) return caller.runInAsyncScope(callback, handler, a, b, c, d);
  if (isInScope(scope)) return callback.call(handler, a, b, c, d);
  return enterScope(scope, handler, callback, a, b, c, d);
}

/** Apart from the above, for the sake of a closure that is seldom needed. */
function enterScope(scope: Scope, handler: DispatchHandler, callback: Callback, a: unknown, b: unknown, c: unknown, d: unknown): unknown {
  return runInScope(scope, () => callback.call(handler, a, b, c, d));
}
