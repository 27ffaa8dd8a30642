import { findNameFault } from "../names.ts";
import { processState } from "../process-state.ts";
import { createScope, type NamespaceWord, originOf, type Scope } from "../scope.ts";

/**
 * Where a context of a namespace keeps its word. Contexts inherit from the one that they were made in, by prototype, and so do words.
 */
const kWord: unique symbol = Symbol.for("puggle.dev/propagation/v1/namespace-word");

/** A context of a namespace: a plain object that the namespace enters and leaves as asynchronous work goes on. */
export type NamespaceContext = object & { [kWord]?: NamespaceWord | undefined };

/** The word of a context that counts in this scope; `undefined` where the scope is the later one. */
export function readWord(context: NamespaceContext | null | undefined, scope: Scope): NamespaceWord | undefined {
  const word = context?.[kWord];
  if (word === undefined) return undefined;
  if (originOf(word.within) === originOf(scope)) return word.isSet ? word : undefined;
  // Another scope than the word's: it was entered since, or it is a stranger's that a shared socket or a pool led to. Only where there is none
  // at all has it been lost.
  return scope === processState.outside ? word : undefined;
}

/** Makes a new context remember the scope that it is made in, for when only the context is kept. */
export function keepScope(context: NamespaceContext): void {
  const scope = processState.storage.getStore();
  if (scope === undefined || isWithin(context[kWord], scope)) return;
  context[kWord] = { within: scope, scope, isSet: false, sequence: nextSequence() };
}

/**
 * Keeps a name that was set in a context. One that is none is counted, and stands for no virtual cluster: whoever set it meant some
 * other than ours. `undefined`, `null` and the empty string say nothing: it is what a request without the header leaves.
 */
export function keepName(context: NamespaceContext, value: unknown): void {
  const within = processState.storage.getStore() ?? context[kWord]?.within ?? processState.outside;
  const isOutside = within === processState.outside;
  const isSet = value !== undefined && value !== null && value !== "";
  if (!isSet && isOutside) {
    // Not deleted: the word of the context that this one inherits from is not to be seen.
    context[kWord] = undefined;
    return;
  }
  const scope = isSet ? createScope(takeName(value), isOutside ? undefined : within) : within;
  context[kWord] = { within, scope, isSet, sequence: nextSequence() };
}

/** The scope that work in this context belongs to; `undefined` where the context knows of none. */
export function scopeOf(context: NamespaceContext): Scope | undefined {
  const word = context[kWord];
  if (word === undefined) return undefined;
  if (word.within !== processState.outside) return word.within;
  return word.isSet ? word.scope : undefined;
}

function isWithin(word: NamespaceWord | undefined, scope: Scope): boolean {
  return word !== undefined && originOf(word.within) === originOf(scope);
}

function takeName(value: unknown): string | undefined {
  const fault = typeof value === "string" ? findNameFault(value) : "not-a-dns-label";
  if (fault === undefined) return value as string;
  processState.counters.dropped.header[fault] += 1;
  return undefined;
}

/** Shared with OpenTelemetry's tokens: only the order counts. */
function nextSequence(): number {
  processState.tokens += 1;
  return processState.tokens;
}
