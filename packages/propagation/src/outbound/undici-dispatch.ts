import { AsyncResource } from "node:async_hooks";
import { processState } from "../process-state.ts";
import { currentScope, kScope, type Scope, type Scoped, UNCERTAIN } from "../scope.ts";
import { returnFromConnecting } from "./undici-connections.ts";
import { dispatchingScope, exchangeDispatching, setCurrentDispatcher } from "./undici-dispatching.ts";
import { type DispatchHandler, scopeHandler } from "./undici-handler.ts";

/** Where options keep the scope once the handler that goes with them runs in it too. */
const kBound: unique symbol = Symbol.for("puggle.dev/propagation/v1/bound");

type DispatchOptions = object & { readonly [kScope]?: Scope; readonly [kBound]?: Scope };
type Dispatch = (this: unknown, options: unknown, handler: unknown) => unknown;
type Compose = (this: unknown, ...interceptors: unknown[]) => unknown;

/** Marks our own functions, so that no copy of this library wraps them again. */
const kWrapped = Symbol.for("puggle.dev/propagation/v1/wrapped");

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
  wrapMethod(dispatchers, "dispatch", scopedDispatch);
  const composers = findOwner(prototype, "compose");
  if (composers !== undefined) wrapMethod(composers, "compose", scopedCompose);
  return true;
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

/** A copy of options with the scope in it; a view of them where they are more than plain data, which a copy would lose. */
function withScope(options: object, key: typeof kScope | typeof kBound, scope: Scope): object {
  const prototype = Object.getPrototypeOf(options);
  if (prototype === Object.prototype || prototype === null) return { ...options, [key]: scope };
  return Object.create(options, { [key]: { value: scope, enumerable: true } });
}

/**
 * The scope that a handler belongs to: one that we wrapped keeps it, and those of undici's own `request`, `stream` and `upgrade` keep the context
 * of their caller. So it is known also where somebody's dispatcher held the request back.
 */
function scopeOfHandler(handler: object): Scope | undefined {
  const known = (handler as Scoped)[kScope];
  if (known !== undefined) return known;
  return handler instanceof AsyncResource ? handler.runInAsyncScope(currentScope) : undefined;
}

function findOwner(start: object | null, method: string): object | undefined {
  for (let owner = start; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, method) && typeof Reflect.get(owner, method) === "function") return owner;
  }
  return undefined;
}

function wrapMethod<F extends object>(owner: object, method: string, wrap: (inherited: F) => F): void {
  const inherited: F & { [kWrapped]?: true } = Reflect.get(owner, method);
  if (inherited[kWrapped] === true) return;
  const value = Object.defineProperty(wrap(inherited), kWrapped, { value: true });
  Object.defineProperty(owner, method, { value, writable: true, configurable: true });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
