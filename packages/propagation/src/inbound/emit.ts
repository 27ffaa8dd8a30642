import { EventEmitter } from "node:events";
import { applyInScope, type Scope } from "../scope.ts";

/** `emit` of whatever emits. */
export type Emit = (this: EventEmitter, event: string | symbol, ...values: unknown[]) => boolean;

/**
 * `inherited.call(emitter, event, ...values)`, for the many events that need no scope: V8 inlines a call with so many values, and not one that spreads
 * them.
 */
export function emitAsIs(inherited: Emit, emitter: EventEmitter, event: string | symbol, values: readonly unknown[]): boolean {
  switch (values.length) {
    case 0:
      return inherited.call(emitter, event);
    case 1:
      return inherited.call(emitter, event, values[0]);
    case 2:
      return inherited.call(emitter, event, values[0], values[1]);
    default:
      return inherited.call(emitter, event, ...values);
  }
}

/** Where every emitter keeps its listeners. */
export interface Listeners {
  readonly _events?: Readonly<Record<string | symbol, unknown>>;
}

/** Node's own `emit`, if it is still in its place: somebody else's is called for each event. */
const plainEmit: unknown = /^function emit\(type, \.\.\.args\) \{/.test(`${EventEmitter.prototype.emit}`)
  ? EventEmitter.prototype.emit
  : undefined;

/**
 * Emits an event that nobody listens to, and that is no `error`: Node's own `emit` would find that out, and do nothing. Most events of a stream are
 * such ones.
 *
 * Each `emit` of ours looks for listeners by a line of its own: V8 makes a line fast by the kinds of objects that come by, and this one would see them
 * all.
 */
export function emitUnheard(inherited: Emit, emitter: EventEmitter, event: string | symbol, values: readonly unknown[]): boolean {
  return inherited !== plainEmit && emitAsIs(inherited, emitter, event, values);
}

/**
 * Emits an event in a scope that the code around it is not in. Takes the values one by one, as `emit` does: if they were handed on as an array, V8
 * would have to make one for every event, also where none is needed.
 */
export function emitInScope(scope: Scope, inherited: Emit, emitter: EventEmitter, ...values: Parameters<Emit>): boolean {
  return applyInScope<boolean>(scope, inherited, emitter, values);
}
