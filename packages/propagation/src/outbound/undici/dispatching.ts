import type { Scope } from "../../scope.ts";

let dispatching: Scope | undefined;

/**
 * The scope of the `dispatch` that is running right now: undici makes its request objects, and announces them on its
 * diagnostics channel, within that very call. `undefined` where no `dispatch` that we know of is running.
 */
export function dispatchingScope(): Scope | undefined {
  return dispatching;
}

let handler: object | undefined;

/** The handler of undici's `request` that is being dispatched right now. */
export function dispatchingHandler(): object | undefined {
  return handler;
}

/** Sets that handler, and returns what it was, to be set again after the call. */
export function exchangeDispatchingHandler(dispatched: object | undefined): object | undefined {
  const outer = handler;
  handler = dispatched;
  return outer;
}

let dispatcher: unknown;

/** The dispatcher whose `dispatch` was called last: while a request is made, the client that will send it. */
export function currentDispatcher(): unknown {
  return dispatcher;
}

export function setCurrentDispatcher(called: unknown): void {
  dispatcher = called;
}

/** Sets the scope of the running dispatch, and returns what it was, to be set again after the call. */
export function exchangeDispatching(scope: Scope | undefined): Scope | undefined {
  const outer = dispatching;
  dispatching = scope;
  return outer;
}
