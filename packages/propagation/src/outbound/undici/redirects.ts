import { processState } from "../../process-state.ts";
import { isObject } from "../../prototypes.ts";
import { returnFromConnecting } from "./connections.ts";
import { dispatchingScope, exchangeDispatching, setCurrentDispatcher } from "./dispatching.ts";
import { type Dispatch, type DispatchOptions, kBound } from "./options.ts";
import { findSymbol, wrapMethod } from "./wrapping.ts";

/**
 * Makes the redirects that a client of undici 6 follows by itself (`maxRedirections`, `interceptors`) keep their request's scope: it
 * dispatches them past `dispatch`, from the callback of the answer before. Newer versions leave redirects to interceptors, and have
 * nothing to wrap.
 */
export function wrapOwnRedirects(clientPrototype: object): void {
  if (!("interceptors" in clientPrototype)) return;
  const inner = findSymbol(clientPrototype, "dispatch");
  if (inner !== undefined) wrapMethod(clientPrototype, inner, scopedInnerDispatch);
}

function scopedInnerDispatch(inherited: Dispatch): Dispatch {
  return function innerDispatch(this: unknown, options, handler) {
    const bound = isObject(options) ? (options as DispatchOptions)[kBound] : undefined;
    if (bound === undefined || bound === dispatchingScope() || processState.settings?.outbound !== true) {
      return inherited.call(this, options, handler);
    }
    setCurrentDispatcher(this);
    const outer = exchangeDispatching(bound);
    try {
      return inherited.call(this, options, handler);
    } finally {
      exchangeDispatching(outer);
      returnFromConnecting();
    }
  };
}
