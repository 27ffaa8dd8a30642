import type { EventEmitter } from "node:events";
import { http } from "../http-modules.ts";
import { processState } from "../process-state.ts";
import { isInScope, kScope, runInScope, type Scope, type Scoped } from "../scope.ts";
import { leaveRequest } from "./request-scope.ts";

/** `emit` of whatever emits. */
export type Emit = (this: EventEmitter, event: string | symbol, ...values: unknown[]) => boolean;

/**
 * Makes the events of every request and response, inbound and outbound, run in the scope that they carry.
 *
 * Node emits them from wherever the socket happens to be handled: without this, listeners of a request's `end` or of a
 * response's `close` find no name, and a stream that is driven from another request's code would find the other's.
 */
export function installMessageEvents(): void {
  if (processState.hooks.messages) return;
  processState.hooks.messages = true;
  for (const prototype of [http.IncomingMessage.prototype, http.OutgoingMessage.prototype]) defineEmit(prototype);
}

/**
 * Makes the events of a socket that was handed over to one request (an upgrade, a CONNECT) run in that request's scope, from
 * now on.
 */
export function bindSocket(socket: unknown, scope: Scope): void {
  if (typeof socket !== "object" || socket === null || !("emit" in socket)) return;
  const emitter = socket as EventEmitter & Scoped;
  const isBound = emitter[kScope] !== undefined;
  emitter[kScope] = scope;
  if (!isBound) defineEmit(emitter);
}

function defineEmit(target: EventEmitter): void {
  const inherited = target.emit as Emit;
  Object.defineProperty(target, "emit", { value: scopedEmit(inherited), writable: true, configurable: true });
}

function scopedEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter & Scoped, event, ...values) {
    const scope = this[kScope];
    if (event === "close") leaveRequest(this);
    // Most events of a stream have no listener, and those need no scope.
    if (scope === undefined || this.listenerCount(event) === 0 || isInScope(scope)) return inherited.call(this, event, ...values);
    return emitInScope(scope, inherited, this, event, values);
  };
}

/** Apart from the above, which is called for every event: a closure there would cost all of them an allocation. */
export function emitInScope(scope: Scope, inherited: Emit, emitter: EventEmitter, event: string | symbol, values: unknown[]): boolean {
  return runInScope(scope, () => inherited.call(emitter, event, ...values));
}
