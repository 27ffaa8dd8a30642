import { processState } from "../../process-state.ts";
import { hookMethod } from "../../prototypes.ts";
import { currentScope, isInScope, kScope, runInScope, type Scope, type Scoped } from "../../scope.ts";
import { loadedModules, watchModuleLoads } from "../module-loads.ts";

/** Waits for a session that has a free stream, and makes its request as soon as it is told of one. */
interface Listener extends Scoped {
  resolve(session: unknown): void;
  reject(error: unknown): void;
}

type GetSession = (this: unknown, origin: unknown, options: unknown, listeners?: readonly Listener[]) => unknown;

/**
 * Makes the requests of every copy of `http2-wrapper`, which got 11 to 14 send HTTP/2 with, those of their callers: its agent holds them back
 * until another request's stream closes, and makes them from that one's events.
 */
export function installHttp2WrapperHooks(): void {
  for (const exports of loadedModules()) instrumentAgent(exports);
  watchModuleLoads({
    after(_id, _parentFile, exports) {
      instrumentAgent(exports);
    },
  });
}

function instrumentAgent(exports: unknown): void {
  if (typeof exports !== "object" || exports === null) return;
  try {
    const agent: unknown = Object.getOwnPropertyDescriptor(exports, "Agent")?.value;
    if (typeof agent !== "function" || !("kCurrentStreamCount" in agent)) return;
    const prototype: unknown = agent.prototype;
    if (typeof prototype === "object" && prototype !== null && "getSession" in prototype)
      hookMethod(prototype, "getSession", scopedGetSession);
  } catch {
    processState.counters.failures += 1;
  }
}

function scopedGetSession(inherited: GetSession): GetSession {
  return function getSession(origin, options, listeners) {
    if (!Array.isArray(listeners) || processState.settings?.outbound !== true) return inherited.call(this, origin, options, listeners);
    const scope = currentScope();
    return inherited.call(
      this,
      origin,
      options,
      // The agent moves them from one queue to another, by this same method.
      listeners.map((each: Listener) => (each[kScope] === undefined ? scopeListener(each, scope) : each)),
    );
  };
}

function scopeListener(listener: Listener, scope: Scope): Listener {
  return {
    [kScope]: scope,
    resolve: (session) => (isInScope(scope) ? listener.resolve(session) : runInScope(scope, () => listener.resolve(session))),
    reject: (error) => (isInScope(scope) ? listener.reject(error) : runInScope(scope, () => listener.reject(error))),
  };
}
