/**
 * For services that carry the name in a namespace of `cls-hooked`, or of a fork of it: library and namespace know the same name, so that
 * files and services can move one at a time.
 *
 * @packageDocumentation
 */
import { keepName, keepScope, type NamespaceContext, readWord, scopeOf } from "./cls-hooked/words.ts";
import { isSwitchedOff } from "./environment.ts";
import { PropagationError } from "./errors.ts";
import { processState } from "./process-state.ts";
import { currentName, enclosingScope, type NamespaceWord, reenterScope, type Scope } from "./scope.ts";

/** A namespace of `cls-hooked`, as far as it is needed here. */
export interface BridgeableNamespace {
  /** The context that the running code is in; nothing where it is in none. */
  readonly active: unknown;
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  createContext(): unknown;
  bind(work: (...values: unknown[]) => unknown, context?: unknown): unknown;
}

/** What `bridgeNamespace()` takes. */
export interface BridgeOptions {
  /** The key under which the service keeps the name of the virtual cluster in its namespace. */
  readonly key: string;
}

type Work = (this: unknown, ...values: unknown[]) => unknown;

/** Marks a namespace that is bridged, with its key. */
const kBridged: unique symbol = Symbol.for("puggle.dev/propagation/v1/bridged");

/**
 * Makes a namespace and this library know the same name. The later word counts:
 *
 * - `namespace.get(key)` gives the current name, in a context of the namespace or outside, unless a name was set since.
 * - `namespace.set(key, name)` names the virtual cluster for `currentVirtualCluster()` and for outbound calls, in the context that it was
 *   set in and until another scope is entered. An invalid name is counted under `dropped.header`, and names none. `undefined`, `null`
 *   and `""` say nothing.
 * - What `namespace.bind` and `bindEmitter` keep, keeps the scope of this library too, through pools that are patched for the namespace; and where
 *   only the namespace's context is left, it has the scope that it was made in.
 *
 * Other keys are left alone, and so are values that are written to a context past `set`, and `enter` and `exit` by hand while another
 * request's scope is in force. Call it once for each namespace, before or after `register()`; again is without effect.
 *
 * @returns the namespace.
 * @throws {@link PropagationError} `PUGGLE_INVALID_OPTION` for what is no namespace, for an empty key, and for a namespace that is bridged by
 * another key already.
 *
 * @example
 * ```ts
 * import { register } from "@puggle/propagation";
 * import { bridgeNamespace } from "@puggle/propagation/cls-hooked";
 * import { createNamespace } from "cls-hooked";
 *
 * register();
 * const namespace = bridgeNamespace(createNamespace("request"), { key: "virtualClusterName" });
 * console.log(namespace.get("virtualClusterName")); // undefined, outside of requests
 * ```
 */
export function bridgeNamespace<N extends BridgeableNamespace>(namespace: N, options: BridgeOptions): N {
  const key = checkArguments(namespace, options);
  if (isSwitchedOff(process.env) || isBridged(namespace, key)) return namespace;
  Object.defineProperty(namespace, kBridged, { value: key });
  followName(namespace, key);
  followContexts(namespace);
  const earlier = processState.readNamespace;
  processState.readNamespace = (scope) => later(wordOf(namespace, scope), earlier?.(scope));
  return namespace;
}

function followName(namespace: BridgeableNamespace, key: string): void {
  const { get, set } = namespace;
  define(namespace, "get", function getName(this: BridgeableNamespace, asked: string): unknown {
    const theirs = get.call(this, asked);
    return asked === key ? latestName(this, theirs) : theirs;
  });
  define(namespace, "set", function setName(this: BridgeableNamespace, given: string, value: unknown): unknown {
    const result = set.call(this, given, value);
    if (given === key) quietly(() => keepName(this.active as NamespaceContext, value));
    return result;
  });
}

function followContexts(namespace: BridgeableNamespace): void {
  const { createContext, bind } = namespace;
  define(namespace, "createContext", function createScopedContext(this: BridgeableNamespace): unknown {
    const context = createContext.call(this);
    quietly(() => keepScope(context as NamespaceContext));
    return context;
  });
  define(namespace, "bind", function bindBoth(this: BridgeableNamespace, work: Work, given?: unknown): unknown {
    const context = given || this.active || this.createContext();
    return bind.call(this, inScopeToo(work, context as NamespaceContext, given ? undefined : processState.storage.getStore()), context);
  });
}

/** What runs in the context later is to run in its scope, or in that of whoever bound it. */
function inScopeToo(work: Work, context: NamespaceContext, binder: Scope | undefined): Work {
  return function runInBoth(this: unknown, ...values) {
    const scope = binder ?? scopeOf(context);
    if (scope === undefined || scope === processState.storage.getStore()) return work.apply(this, values);
    return reenterScope(scope, () => work.apply(this, values));
  };
}

function latestName(namespace: BridgeableNamespace, theirs: unknown): unknown {
  try {
    const scope = enclosingScope();
    const word = wordOf(namespace, scope);
    // Whoever set what is no name gets back what they set.
    if (word?.isSet === true && word.scope.name === undefined) return theirs;
    return currentName() ?? (scope === processState.outside && word === undefined ? theirs : undefined);
  } catch {
    processState.counters.failures += 1;
    return theirs;
  }
}

function wordOf(namespace: BridgeableNamespace, scope: Scope): NamespaceWord | undefined {
  return readWord(namespace.active as NamespaceContext | null | undefined, scope);
}

function later(one: NamespaceWord | undefined, other: NamespaceWord | undefined): NamespaceWord | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.sequence > other.sequence ? one : other;
}

/** The service's own call has done what it is for: what fails here must not fail it. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    processState.counters.failures += 1;
  }
}

function define(namespace: BridgeableNamespace, method: string, value: unknown): void {
  Object.defineProperty(namespace, method, { value, writable: true, configurable: true });
}

const METHODS = ["get", "set", "createContext", "bind"] as const;

function checkArguments(namespace: BridgeableNamespace, options: BridgeOptions): string {
  if (typeof namespace !== "object" || namespace === null || METHODS.some((method) => typeof namespace[method] !== "function")) {
    throw invalid(`a namespace is to have the methods ${METHODS.join(", ")}`);
  }
  const key: unknown = options?.key;
  if (typeof key !== "string" || key === "") throw invalid('"key" is to be the key that has the name in the namespace');
  return key;
}

function isBridged(namespace: BridgeableNamespace & { readonly [kBridged]?: string }, key: string): boolean {
  const known = namespace[kBridged];
  if (known !== undefined && known !== key) throw invalid(`the namespace is bridged by the key "${known}" already`);
  return known !== undefined;
}

function invalid(message: string): PropagationError {
  return new PropagationError("PUGGLE_INVALID_OPTION", `bridgeNamespace(): ${message}`);
}
