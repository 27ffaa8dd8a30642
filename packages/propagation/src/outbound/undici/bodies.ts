import type { AsyncResource } from "node:async_hooks";
import type { EventEmitter } from "node:events";
import { type Emit, emitAsIs, emitUnheard, type Listeners } from "../../inbound/emit.ts";
import { defineMethod } from "../../prototypes.ts";
import { isInScope, isPlain, kScope, type Scoped, scopeKeptBy } from "../../scope.ts";
import { findSymbol, ownValue, wrapMethod } from "./wrapping.ts";

/** Where a response's body keeps the request that it answers, until its events are bound to that. */
const kAnswered: unique symbol = Symbol.for("puggle.dev/propagation/v1/answered");

/** The body of a response to undici's `request`. */
export type Body = EventEmitter & Listeners & { readonly _eventsCount?: number; [kAnswered]?: Answered | undefined };

/** The handler of such a request: it keeps its caller's context. */
type Answered = AsyncResource & Scoped;

/** `on` and the other methods that add a listener. */
type AddListener = (this: Body, event: string | symbol, listener: unknown) => unknown;

/** The `on` of the bodies that were seen last. */
let lastOn: unknown;

/**
 * Makes a body's events, which come from wherever the socket is read, run in its caller's context: once somebody listens to them. For most bodies nobody
 * does: undici's own listeners resolve the promise of `text()` or `json()`, and need no context for that.
 */
export function bindBody(body: Body, handler: Answered): void {
  if (body.on !== lastOn) {
    watchListeners(Object.getPrototypeOf(body));
    lastOn = body.on;
  }
  // A callback of the caller's has seen the body by now.
  if (body._eventsCount === 0) body[kAnswered] = handler;
  else bindEvents(body, handler);
}

function bindEvents(body: Body, handler: Answered): void {
  body[kAnswered] = undefined;
  defineMethod(body, "emit", scopedEmit(body.emit as Emit, handler));
}

/**
 * Prepares the class of the bodies where these are the exports of undici's module that has it. `bindBody` does so too, where that module is inside a bundle,
 * and then too late for V8: where a class changes after its first object was made, the code that makes streams stays slow for all of them.
 */
export function prepareBodies(exports: unknown): void {
  const bodies = ownValue(exports, "Readable");
  if (typeof bodies === "function" && typeof ownValue(exports, "chunksDecode") === "function") watchListeners(bodies.prototype);
}

function watchListeners(prototype: object): void {
  for (const method of ["on", "addListener", "prependListener"]) wrapMethod(prototype, method, bindingListener);
}

function bindingListener(inherited: AddListener): AddListener {
  let kConsume: symbol | undefined;
  return function addListener(this: Body, event, listener) {
    const handler = this[kAnswered];
    if (handler !== undefined) {
      kConsume ??= findSymbol(this, "kConsume");
      if (!isConsumption(this, kConsume, event)) bindEvents(this, handler);
    }
    return inherited.call(this, event, listener);
  };
}

/**
 * Is it undici that listens, to consume the body? It does so before anybody else can, or else the events are bound already, and marks the body as consumed
 * before that.
 */
function isConsumption(body: Body, kConsume: symbol | undefined, event: string | symbol): boolean {
  const { _events: listeners } = body;
  if (kConsume === undefined || listeners === undefined) return false;
  const consumed = (body as Body & Record<symbol, unknown>)[kConsume];
  if (typeof consumed !== "object" || consumed === null) return false;
  // `text()`, `json()` and the like listen to these, once each.
  if (event === "error") return listeners.error === undefined;
  if (event === "close") return listeners.close === undefined;
  return event === "end" && listeners.end === undefined;
}

/**
 * Would entering the handler's context change nothing? So it is for most events of requests without a name. OpenTelemetry's and a bridged namespace's
 * contexts have more in them than the name.
 */
function isIn(handler: Answered): boolean {
  return isPlain() && isInScope(handler[kScope] ?? scopeKeptBy(handler));
}

function scopedEmit(inherited: Emit, handler: Answered): Emit {
  return function emit(this: Body, event, ...values) {
    const listeners = this._events;
    if (listeners !== undefined && listeners[event] === undefined && event !== "error") return emitUnheard(inherited, this, event, values);
    if (isIn(handler)) return emitAsIs(inherited, this, event, values);
    return handler.runInAsyncScope(inherited, this, event, ...values);
  };
}
