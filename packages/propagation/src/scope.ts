import type { AsyncResource } from "node:async_hooks";
import { enterForThisCall, type KeptFrame, runInFrame, scopeIn } from "./frames.ts";
import { registered } from "./opentelemetry/registered.ts";
import { isExporting } from "./opentelemetry/suppression.ts";
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
  /** The scope that this one stands for, where a scope was entered anew or a bridged namespace has set another name in it. */
  readonly origin?: Scope;
  /** Where the scopes of a name keep what it takes to enter them. */
  readonly kept?: KeptFrame;
  /** What will tell that the inbound request is over that has this scope: its response, or its stream. Until then the request counts as in flight. */
  awaited?: object | undefined;
}

/** What the context of a bridged namespace says of the name. */
export interface NamespaceWord {
  /** The scope that it was said in. */
  readonly within: Scope;
  /** The scope that a call made now belongs to, where this word counts. */
  readonly scope: Scope;
  /** Was a name set there, or does the context only keep the scope that it was made in? */
  readonly isSet: boolean;
  /** Grows with every word in this process. */
  readonly sequence: number;
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
const NO_CLUSTER: Scope = plainScope(undefined, { frame: undefined });

/** The scope of a request whose caller can not be told: it carries no name, and is counted. */
export const UNCERTAIN: Scope = { name: undefined, token: undefined };

/** Makes a scope for a name, to be entered now; `standsFor` another where it is that one entered anew. */
export function createScope(name: string | undefined, standsFor?: Scope): Scope {
  const token = processState.readToken?.();
  // A bridged namespace tells requests apart by their scopes, those without a name too.
  if (processState.readNamespace !== undefined)
    return standsFor === undefined ? { name, token } : { name, token, origin: originOf(standsFor) };
  if (token !== undefined) return { name, token };
  return name === undefined ? NO_CLUSTER : sharedScope(name);
}

/** Makes a scope for one inbound request, which no other has: it says what answers the request. */
export function createOwnScope(name: string): Scope {
  const scope = createScope(name);
  return scope.kept === undefined ? scope : plainScope(scope.name, scope.kept);
}

/** Made in one place, so that all have one shape: V8 gives up on a line that puts now this and now that shape on a request. */
function plainScope(name: string | undefined, kept: KeptFrame): Scope {
  return { name, token: undefined, kept, awaited: undefined };
}

/** The scopes of the names that came last: without a token, they can be entered again and again. */
const sharedScopes = new Map<string, Scope>();
const MOST_SHARED = 256;
let lastShared: Scope | undefined;

function sharedScope(name: string): Scope {
  // Requests of a virtual cluster come in bursts.
  if (lastShared?.name === name) return lastShared;
  let scope = sharedScopes.get(name);
  if (scope === undefined) {
    if (sharedScopes.size === MOST_SHARED) sharedScopes.clear();
    scope = plainScope(name, { frame: undefined });
    sharedScopes.set(name, scope);
  }
  lastShared = scope;
  return scope;
}

/** The scope that was entered first of all those that stand for one another. */
export function originOf(scope: Scope): Scope {
  return scope.origin ?? scope;
}

/** The name that a call made now would carry. */
export function currentName(): string | undefined {
  if (isPlain()) return enclosingScope().name;
  return resolveName(processState.readToken?.());
}

/**
 * The name that counts where an OpenTelemetry Context has this token: the latest word of the token, a bridged namespace and the scope.
 */
export function resolveName(token: OpenTelemetryToken | undefined): string | undefined {
  const scope = latestScope();
  const isNewer = token !== undefined && (scope.token === undefined || token.sequence > scope.token.sequence);
  return isNewer ? token.name : scope.name;
}

/** The enclosing scope, or what a bridged namespace has said since that was entered. */
function latestScope(): Scope {
  const scope = enclosingScope();
  return processState.readNamespace?.(scope)?.scope ?? scope;
}

/** The scope that a call made now belongs to, to be remembered for its later events. */
export function currentScope(): Scope {
  const scope = enclosingScope();
  const name = isPlain() ? scope.name : currentName();
  // An exporter's call from nowhere is not one that lost its scope.
  if ((name !== undefined || isNowhere(scope)) && isExporting(scope === processState.outside)) return NO_CLUSTER;
  if (isPlain()) return scope;
  const latest = latestScope();
  return name === latest.name ? latest : createScope(name);
}

/** What {@link currentScope} gives in the context that a resource keeps. */
export function scopeKeptBy(resource: AsyncResource): Scope {
  return scopeSaidBy(resource) ?? resource.runInAsyncScope(currentScope);
}

/** The same where the scope in that context is all that counts. */
export function scopeSaidBy(resource: AsyncResource): Scope | undefined {
  if (!isPlain()) return undefined;
  const scope = scopeIn(resource);
  if (scope === undefined) return undefined;
  // With a name it may be an exporter's call: the context tells, where OpenTelemetry has any.
  return (scope.name === undefined && !isNowhere(scope)) || registered()?.context === undefined ? scope : undefined;
}

/** The scope that was entered last, or that of code outside all scopes. */
export function enclosingScope(): Scope {
  return processState.storage.getStore() ?? processState.outside;
}

/** Is this what code has that runs in no scope at all, though its process is no virtual cluster's? Such code may have lost a scope. */
export function isNowhere(scope: Scope): boolean {
  return scope === processState.nowhere;
}

/** Are there only scopes in this process, and no OpenTelemetry Context or bridged namespace that may say more than they? */
export function isPlain(): boolean {
  return processState.readToken === undefined && processState.readNamespace === undefined;
}

/** Would entering this scope change nothing? */
export function isInScope(scope: Scope): boolean {
  return isPlain() ? isEntered(scope) : !isNowhere(enclosingScope()) && currentName() === scope.name;
}

/** Is the scope that was entered last this one, or as good? Not so {@link isInScope}, which also heeds what an OpenTelemetry Context has. */
export function isEntered(scope: Scope): boolean {
  const current = enclosingScope();
  return current === scope || (isPlain() && !isNowhere(current) && current.name === scope.name);
}

/** Does `work` in `scope`. */
export function runInScope<T>(scope: Scope, work: () => T): T {
  return isInScope(scope) ? work() : reenterScope(scope, work);
}

/** Does `work` in `scope`, and in no other of the same name. */
export function reenterScope<T>(scope: Scope, work: () => T): T {
  return applyInScope(scope, work, undefined, []);
}

/** Enters a scope in a call that Node.js makes from outside JavaScript, until that ends. `false` where it can not be so. */
export function enterScopeForThisCall(scope: Scope): boolean {
  return isPlain() && enterForThisCall(scope);
}

/** Calls a method in `scope`, and in no other of the same name. */
export function applyInScope<T>(scope: Scope, method: (...values: never[]) => T, self: unknown, values: readonly unknown[]): T {
  // An event of a shared socket may come in the OpenTelemetry Context of whoever opened the socket: the scope is entered anew,
  // after that token.
  const entered = processState.readToken === undefined || isNowhere(scope) ? scope : createScope(scope.name, scope);
  return runInFrame(entered, method, self, values);
}
