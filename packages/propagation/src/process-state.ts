import { AsyncLocalStorage } from "node:async_hooks";
import { type Counters, createCounters } from "./counters.ts";
import type { NamespaceWord, OpenTelemetryToken, Scope } from "./scope.ts";
import type { Settings } from "./settings.ts";

/**
 * What all copies of this library in a process share: an ES module and a CommonJS copy, two versions, and the copies that
 * Jest loads anew for each test file.
 *
 * It hangs on the `AsyncLocalStorage` class and not on `globalThis`, because Jest gives each test file a `globalThis` of its
 * own, while Node's core modules are the same everywhere. The `v1` in the key is the version of this very interface: fields may
 * be added to it, never changed.
 */
export interface ProcessState {
  readonly storage: AsyncLocalStorage<Scope | undefined>;
  readonly counters: Counters;
  /** What `register()` settled; `undefined` while the library is not registered. */
  settings: Settings | undefined;
  /** Hooks stay in place for the life of the process, and only once, whichever copy put them there. */
  readonly hooks: { messages: boolean; servers: boolean; clients: boolean };
  /** The scope of code that runs in no scope at all: the process's own virtual cluster, or {@link nowhere}. */
  outside: Scope;
  /** The scope of code that runs in no scope at all, in a process that has no virtual cluster of its own. */
  readonly nowhere: Scope;
  /** Inbound requests that have a name and are not answered yet. */
  namedInFlight: number;
  /** Wraps a copy of undici: the function of the copy of this library that installed the outbound hooks. */
  instrumentUndici: ((module: unknown) => boolean) | undefined;
  /** Reads the token from the active OpenTelemetry Context; set by the first propagator, so that without one it costs nothing. */
  readToken: (() => OpenTelemetryToken | undefined) | undefined;
  /** The last token's number. */
  tokens: number;
  /** Asks the bridged cls-hooked namespaces for a word that is later than this scope; set by the first bridge. */
  readNamespace: ((scope: Scope) => NamespaceWord | undefined) | undefined;
}

const KEY = Symbol.for("puggle.dev/propagation/v1");

/** The state of this process, made by the first copy that asks. */
export const processState: ProcessState = findOrCreate();

function findOrCreate(): ProcessState {
  const found: ProcessState | undefined = Reflect.get(AsyncLocalStorage, KEY);
  if (found !== undefined) return found;
  const nowhere: Scope = { name: undefined, token: undefined };
  const created: ProcessState = {
    storage: new AsyncLocalStorage(),
    counters: createCounters(),
    settings: undefined,
    hooks: { messages: false, servers: false, clients: false },
    outside: nowhere,
    nowhere,
    namedInFlight: 0,
    instrumentUndici: undefined,
    readToken: undefined,
    tokens: 0,
    readNamespace: undefined,
  };
  Object.defineProperty(AsyncLocalStorage, KEY, { value: created });
  return created;
}
