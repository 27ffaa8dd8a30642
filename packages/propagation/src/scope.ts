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
  const scope = processState.storage.getStore();
  return processState.readToken === undefined ? scope?.name : resolveName(processState.readToken());
}

/**
 * The name that counts where an OpenTelemetry Context has this token: the token's, if that is newer than the current scope, or
 * else the scope's.
 */
export function resolveName(token: OpenTelemetryToken | undefined): string | undefined {
  const scope = processState.storage.getStore();
  const isNewer = token !== undefined && (scope?.token === undefined || token.sequence > scope.token.sequence);
  return isNewer ? token.name : scope?.name;
}

/** The scope that a call made now belongs to, to be remembered for its later events. */
export function currentScope(): Scope {
  const scope = processState.storage.getStore() ?? NO_CLUSTER;
  if (processState.readToken === undefined) return scope;
  const name = currentName();
  return name === scope.name ? scope : createScope(name);
}

/** Would entering this scope change nothing? */
export function isInScope(scope: Scope): boolean {
  return currentName() === scope.name;
}

/** Does `work` in `scope`. */
export function runInScope<T>(scope: Scope, work: () => T): T {
  if (isInScope(scope)) return work();
  // An event of a shared socket may come in the OpenTelemetry Context of whoever opened the socket: the scope is entered anew,
  // after that token.
  return processState.storage.run(processState.readToken === undefined ? scope : createScope(scope.name), work);
}
