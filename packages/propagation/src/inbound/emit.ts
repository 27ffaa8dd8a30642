import type { EventEmitter } from "node:events";
import { runInScope, type Scope } from "../scope.ts";

/** `emit` of whatever emits. */
export type Emit = (this: EventEmitter, event: string | symbol, ...values: unknown[]) => boolean;

/** Apart from the `emit` that calls it for some events: a closure there would cost all of them an allocation. */
export function emitInScope(scope: Scope, inherited: Emit, emitter: EventEmitter, event: string | symbol, values: unknown[]): boolean {
  return runInScope(scope, () => inherited.call(emitter, event, ...values));
}
