import type { EventEmitter } from "node:events";
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

/**
 * Emits an event in a scope that the code around it is not in. Takes the values one by one, as `emit` does: if they were handed on as an array, V8
 * would have to make one for every event, also where none is needed.
 */
export function emitInScope(scope: Scope, inherited: Emit, emitter: EventEmitter, ...values: Parameters<Emit>): boolean {
  return applyInScope<boolean>(scope, inherited, emitter, values);
}
