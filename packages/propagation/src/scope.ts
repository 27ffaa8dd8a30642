import { isTracingSuppressed } from "./opentelemetry/suppression.ts";
import { processState } from "./process-state.ts";

/**
 * The life of one request, or of one `runInVirtualCluster`: the name that its outbound calls carry.
 *
 * The shape is part of the contract between the copies of this library in a process, see `process-state.ts`.
 */
export interface Scope {
  readonly name: string | undefined;
  /** The OpenTelemetry token that was current when the scope was entered: only a later one overrules the scope's name. */
  readonly token: OpenTelemetryToken | undefined;
}

/** What the propagator leaves in an OpenTelemetry Context. */
export interface OpenTelemetryToken {
  readonly name: string;
  /** Grows with every token made in this process. */
  readonly sequence: number;
}

/** Where a request, a response, a socket, a client request or undici's dispatch options keep their scope. */
export const kScope: unique symbol = Symbol.for("puggle.dev/propagation/v1/scope");

/** An object that may carry a scope. */
export interface Scoped {
  [kScope]?: Scope;
}

/** The scope of what belongs to no virtual cluster: a value and not an absence, so that it can be remembered and entered again. */
const NO_CLUSTER: Scope = { name: undefined, token: undefined };

/** The scope of a request whose caller can not be told: it carries no name, and is counted. */
export const UNCERTAIN: Scope = { name: undefined, token: undefined };

/** Makes a scope for a name, to be entered now. */
export function createScope(name: string | undefined): Scope {
  const token = processState.readToken?.();
  return name === undefined && token === undefined ? NO_CLUSTER : { name, token };
}

/** The name that a call made now would carry. */
export function currentName(): string | undefined {
  if (processState.readToken === undefined && processState.readNamespace === undefined) return enclosingScope().name;
  return resolveName(processState.readToken?.());
}

/**
 * The name that counts where an OpenTelemetry Context has this token: the latest word of the token, a bridged namespace and the scope.
 */
export function resolveName(token: OpenTelemetryToken | undefined): string | undefined {
  const scope = enclosingScope();
  const isNewer = token !== undefined && (scope.token === undefined || token.sequence > scope.token.sequence);
  if (isNewer) return token.name;
  const set = processState.readNamespace?.(scope);
  return set === undefined ? scope.name : set.name;
}

/** The scope that a call made now belongs to, to be remembered for its later events. */
export function currentScope(): Scope {
  const scope = enclosingScope();
  if (processState.readToken === undefined && processState.readNamespace === undefined) {
    return scope.name !== undefined && isTracingSuppressed() ? NO_CLUSTER : scope;
  }
  const name = currentName();
  if (name !== undefined && isTracingSuppressed()) return NO_CLUSTER;
  return name === scope.name ? scope : createScope(name);
}

/** The scope that was entered last, or that of code outside all scopes. */
export function enclosingScope(): Scope {
  return processState.storage.getStore() ?? processState.outside;
}

/** Is this what code has that runs in no scope at all, though its process is no virtual cluster's? Such code may have lost a scope. */
export function isNowhere(scope: Scope): boolean {
  return scope === processState.nowhere;
}

/** Would entering this scope change nothing? */
export function isInScope(scope: Scope): boolean {
  const current = enclosingScope();
  if (current === scope && processState.readToken === undefined && processState.readNamespace === undefined) return true;
  return current !== processState.nowhere && currentName() === scope.name;
}

/** Does `work` in `scope`. */
export function runInScope<T>(scope: Scope, work: () => T): T {
  if (isInScope(scope)) return work();
  // An event of a shared socket may come in the OpenTelemetry Context of whoever opened the socket: the scope is entered anew,
  // after that token.
  const entered = processState.readToken === undefined || isNowhere(scope) ? scope : createScope(scope.name);
  return processState.storage.run(entered, work);
}
