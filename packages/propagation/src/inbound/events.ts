import type { EventEmitter } from "node:events";
import { http } from "../http-modules.ts";
import { processState } from "../process-state.ts";
import { defineMethod } from "../prototypes.ts";
import { createScope, isInScope, kScope, runInScope, type Scope, type Scoped } from "../scope.ts";
import { type Emit, emitAsIs, emitInScope, emitUnheard, type Listeners } from "./emit.ts";
import { installHttp2MessageEvents } from "./http2/events.ts";
import { type Answer, leaveRequest } from "./request-scope.ts";
import { bindSendCallbacks, whenWebSocket } from "./websockets.ts";

/**
 * Makes the events of every request and response, inbound and outbound, run in the scope that they carry.
 *
 * Node emits them from wherever the socket happens to be handled: without this, listeners of a request's `end` or of a
 * response's `close` find no name, and a stream that is driven from another request's code would find the other's.
 */
export function installMessageEvents(): void {
  if (processState.hooks.messages) return;
  processState.hooks.messages = true;
  defineEmit(http.IncomingMessage.prototype);
  const outgoing = http.OutgoingMessage.prototype;
  defineMethod(outgoing, "emit", scopedOutgoingEmit(outgoing.emit as Emit));
  installHttp2MessageEvents();
}

type Write = (this: Waiting, data: unknown, encoding: unknown, callback: unknown, ...rest: unknown[]) => boolean;

/** A response that waits for its turn on the connection. */
interface Waiting extends Scoped {
  readonly socket?: unknown;
}

/** A response that waits for its turn on the connection is written from the end of the one before, callbacks included. */
export function bindWriteCallbacks(response: Waiting, scope: Scope): void {
  const write: Write = Reflect.get(response, "_writeRaw");
  defineMethod(response, "_writeRaw", function writeRaw(this: Waiting, data, encoding, callback, ...rest) {
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done !== "function" || this.socket) return write.call(this, data, encoding, callback, ...rest);
    const scoped = (...values: unknown[]) => runInScope(scope, () => done(...values));
    return typeof encoding === "function"
      ? write.call(this, data, scoped, callback, ...rest)
      : write.call(this, data, encoding, scoped, ...rest);
  } satisfies Write);
}

/**
 * Makes the events of a socket that was handed over to one request (an upgrade, a CONNECT), and of a WebSocket over it, run in that
 * request's scope, from now on.
 */
export function bindSocket(socket: unknown, scope: Scope): void {
  if (typeof socket !== "object" || socket === null || !("emit" in socket)) return;
  const emitter = socket as EventEmitter;
  if (!bindEmitter(emitter, scope)) return;
  whenWebSocket(emitter, (webSocket) => {
    bindEmitter(webSocket, scope);
    bindSendCallbacks(webSocket);
  });
}

/** Makes all events of an emitter run in a scope. `false` where they ran in one already, which this one replaces. */
export function bindEmitter(emitter: EventEmitter & Scoped, scope: Scope): boolean {
  const isBound = emitter[kScope] !== undefined;
  emitter[kScope] = scope;
  if (!isBound) defineEmit(emitter);
  return !isBound;
}

function defineEmit(target: EventEmitter): void {
  const inherited = target.emit as Emit;
  defineMethod(target, "emit", scopedEmit(inherited));
}

/** A response that no longer says whose it is belongs to nobody. */
function scopeOf(outgoing: Answer): Scope | undefined {
  return outgoing[kScope] ?? (outgoing.req === null ? createScope(undefined) : (outgoing.req as Scoped | undefined)?.[kScope]);
}

/** Of responses, and of client requests. */
function scopedOutgoingEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter & Listeners & Answer, event, ...values) {
    if (event === "close" || event === "finish") leaveRequest(this);
    const listeners = this._events;
    if (listeners !== undefined && listeners[event] === undefined && event !== "error") return emitUnheard(inherited, this, event, values);
    const scope = scopeOf(this);
    if (scope === undefined || isInScope(scope)) return emitAsIs(inherited, this, event, values);
    return emitInScope(scope, inherited, this, event, ...values);
  };
}

function scopedEmit(inherited: Emit): Emit {
  return function emit(this: EventEmitter & Listeners & Scoped, event, ...values) {
    const listeners = this._events;
    if (listeners !== undefined && listeners[event] === undefined && event !== "error") return emitUnheard(inherited, this, event, values);
    const scope = this[kScope];
    if (scope === undefined || isInScope(scope)) return emitAsIs(inherited, this, event, values);
    return emitInScope(scope, inherited, this, event, ...values);
  };
}
