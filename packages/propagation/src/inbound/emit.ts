import type { EventEmitter } from "node:events";
import { applyInScope, isInScope, type Scope } from "../scope.ts";

/** `emit` of whatever emits. */
export type Emit = (this: EventEmitter, event: string | symbol, ...values: unknown[]) => boolean;

/** Emits an event in a scope. */
export function emitInScope(scope: Scope, inherited: Emit, emitter: EventEmitter, event: string | symbol, values: unknown[]): boolean {
  if (isInScope(scope)) return inherited.call(emitter, event, ...values);
  return applyInScope<boolean>(scope, inherited, emitter, [event, ...values]);
}
