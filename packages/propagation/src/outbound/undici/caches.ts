import { processState } from "../../process-state.ts";
import { isObject } from "../../prototypes.ts";
import { currentScope } from "../../scope.ts";
import { type Dispatch, scopeOfDispatch } from "./options.ts";
import { ownValue, wrapMethod } from "./wrapping.ts";

type Interceptor = (next: Dispatch, origin: unknown) => Dispatch;
type CreateInterceptor = (this: unknown, ...settings: unknown[]) => Interceptor;

/**
 * Keeps the interceptors that give one answer to several requests, `cache` and `deduplicate` of undici 7 and later, from giving one
 * virtual cluster's answer to another.
 *
 * They tell requests apart by what their options say, and the name is not there yet; a cache that saw it would heed it only where the answer
 * says `Vary`, which no service does that does not know of virtual clusters. So requests that will carry a name pass them by.
 */
export function wrapSharingInterceptors(interceptors: unknown): void {
  for (const key of ["cache", "deduplicate"]) {
    if (isObject(interceptors) && typeof ownValue(interceptors, key) === "function") wrapMethod(interceptors, key, passNamedBy);
  }
}

function passNamedBy(inherited: CreateInterceptor): CreateInterceptor {
  return function createInterceptor(this: unknown, ...settings) {
    const interceptor = inherited.apply(this, settings);
    return (next, origin) => {
      const share = interceptor(next, origin);
      return (options, handler) => (mayCarryName(options, handler, origin) ? next(options, handler) : share(options, handler));
    };
  };
}

function mayCarryName(options: unknown, handler: unknown, origin: unknown): boolean {
  const { settings, counters } = processState;
  if (settings?.outbound !== true || !isObject(options) || !isObject(handler)) return false;
  try {
    const scope = scopeOfDispatch(options, handler) ?? currentScope();
    if (scope.name === undefined) return false;
    const { origin: named, path } = options as { readonly origin?: unknown; readonly path?: unknown };
    return settings.isTarget({ peer: String(named ?? origin), path: String(path), hostHeader: undefined });
  } catch {
    counters.failures += 1;
    return false;
  }
}
