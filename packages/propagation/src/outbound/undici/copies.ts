import type { EventEmitter } from "node:events";
import { runInThisContext } from "node:vm";
import { processState } from "../../process-state.ts";
import { loadedModules, watchModuleLoads } from "../module-loads.ts";
import { prepareBodies } from "./bodies.ts";
import { wrapSharingInterceptors } from "./caches.ts";
import { wrapDispatcherPrototypes } from "./dispatch.ts";
import { wrapMocks } from "./mocks.ts";
import { wrapOwnRedirects } from "./redirects.ts";
import { ownValue } from "./wrapping.ts";

/** Node's own global object, which the undici that is built in looks at: Jest gives each test file another one. */
const nodeGlobal: typeof globalThis = runInThisContext("globalThis");

/** Where copies of undici agree on a dispatcher for all: the old interface, and that of undici 8. */
const GLOBAL_DISPATCHERS = [Symbol.for("undici.globalDispatcher.1"), Symbol.for("undici.globalDispatcher.2")];

/**
 * Wraps the copy of undici that is built into Node, the copies that are loaded already, and every one that is loaded from now
 * on.
 */
export function instrumentUndiciCopies(): void {
  for (const exports of loadedModules()) instrument(exports);
  instrumentBuiltIn();
}

function instrument(exports: unknown): void {
  if (instrumentUndiciModule(exports)) return;
  try {
    prepareBodies(exports);
  } catch {
    // Somebody froze that class. Its bodies count as failures when they come.
  }
}

/** Wraps a copy of undici, given its exports. `false` where they are not undici's. */
export function instrumentUndiciModule(exports: unknown): boolean {
  const client = ownValue(exports, "Client");
  if (
    typeof client !== "function" ||
    typeof ownValue(exports, "Agent") !== "function" ||
    typeof ownValue(exports, "Dispatcher") !== "function"
  )
    return false;
  if (typeof ownValue(exports, "Pool") !== "function" || typeof ownValue(exports, "buildConnector") !== "function") return false;
  try {
    if (!wrapDispatcherPrototypes(client.prototype)) return false;
    wrapOwnRedirects(client.prototype);
    wrapMocks(exports);
    wrapSharingInterceptors(ownValue(exports, "interceptors"));
    return true;
  } catch {
    // Somebody froze its prototypes. Its requests will count as of uncertain origin.
    processState.counters.failures += 1;
    return false;
  }
}

/**
 * Node loads its copy, and makes its dispatcher the global one, at the first use of one of its classes. Here that is earlier
 * than the service would have it, and a copy of the service's own finds a global dispatcher of another version (undici 6 on
 * Node 24 then refuses its own options). So while such a copy sets itself up, it is shown none, as if the built-in one were not
 * loaded yet.
 */
function instrumentBuiltIn(): void {
  const early = GLOBAL_DISPATCHERS.filter((key) => globalDispatcher(key) === undefined);
  void nodeGlobal.Headers;
  for (const key of GLOBAL_DISPATCHERS) {
    const dispatcher = globalDispatcher(key);
    if (dispatcher !== undefined) wrapDispatcherPrototypes(Object.getPrototypeOf(dispatcher));
  }

  const ours = new Map(early.map((key) => [key, globalDispatcher(key)]));
  // Once it is in use it would have been loaded without us too.
  for (const dispatcher of ours.values()) dispatcher?.once?.("connect", () => ours.clear());
  watchModuleLoads({
    before(id, parentFile) {
      if (!isUndiciSettingUp(id, parentFile)) return;
      for (const [key, dispatcher] of ours) if (globalDispatcher(key) === dispatcher) setGlobalDispatcher(key, undefined);
    },
    after(id, parentFile, exports) {
      instrument(exports);
      if (!isUndiciSettingUp(id, parentFile)) return;
      for (const [key, dispatcher] of ours) if (globalDispatcher(key) === undefined) setGlobalDispatcher(key, dispatcher);
    },
  });
}

/** Undici decides on the global dispatcher in its module `lib/global.js`. */
function isUndiciSettingUp(id: string, parentFile: string | undefined): boolean {
  return /(?:^|\/)global(?:\.js)?$/.test(id) && parentFile?.includes("undici") === true;
}

function globalDispatcher(key: symbol): Partial<EventEmitter> | undefined {
  return Reflect.get(nodeGlobal, key);
}

function setGlobalDispatcher(key: symbol, dispatcher: unknown): void {
  if (dispatcher !== undefined || key in nodeGlobal) Reflect.set(nodeGlobal, key, dispatcher);
}
