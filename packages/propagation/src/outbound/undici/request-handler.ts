import { AsyncResource } from "node:async_hooks";
import { scopeIn } from "../../frames.ts";
import { processState } from "../../process-state.ts";
import { kScope, type Scope, type Scoped, scopeKeptBy, scopeSaidBy } from "../../scope.ts";
import { type Body, bindBody } from "./bodies.ts";
import { type DispatchOptions, kBound } from "./options.ts";
import { wrapMethod } from "./wrapping.ts";

/** The handler of undici's own `request`, one for each: it keeps its caller's context, and gives back a body that does not. */
export type RequestHandler = AsyncResource & Scoped & { readonly res: Body | null };

type Callback = (this: RequestHandler, a: unknown, b: unknown, c: unknown, d: unknown) => unknown;

/** The prototypes that were looked at, and what came of it. */
const known = new WeakMap<object, boolean>();

/** Marks those that are it, by their class, for subclasses are not: to ask an object for its prototype costs V8 some 300 instructions. */
const kRequests: unique symbol = Symbol.for("puggle.dev/propagation/v1/requests");

/**
 * Is this the handler of undici's `request`? Most calls are made by it, and it is spared the wrapper that other handlers get: it calls its caller back
 * in the caller's context by itself, and the events of its body are all that is left.
 */
export function isRequestHandler(handler: object): handler is RequestHandler {
  const { [kRequests]: marked, constructor: kind }: { readonly [kRequests]?: unknown; readonly constructor?: unknown } = handler;
  if (marked !== undefined && marked === kind) return true;
  const prototype: object | null = Object.getPrototypeOf(handler);
  return prototype !== null && (known.get(prototype) ?? learn(prototype, handler));
}

/**
 * The scope of such a handler: found when it is dispatched first, and kept for when a queue dispatches it again. Where the context that the handler keeps
 * says just this, it says so later too.
 */
export function scopeOfRequest(handler: RequestHandler, options: DispatchOptions): Scope {
  const kept = handler[kScope];
  if (kept !== undefined) return kept;
  const given = options[kBound] ?? options[kScope];
  const lasting = given === undefined ? scopeSaidBy(handler) : undefined;
  if (lasting !== undefined) return lasting;
  const scope = given ?? scopeKeptBy(handler);
  if (scope !== scopeIn(handler)) handler[kScope] = scope;
  return scope;
}

function learn(prototype: object, handler: object): boolean {
  const answer = isAsIn7Or8(prototype, handler) && wrapHandler(prototype);
  known.set(prototype, answer);
  return answer;
}

/** `false` where somebody froze the prototype: its handlers are wrapped like others. */
function wrapHandler(prototype: object): boolean {
  if (!Object.isExtensible(prototype)) {
    processState.counters.failures += 1;
    return false;
  }
  Object.defineProperty(prototype, kRequests, { value: prototype.constructor });
  if (Object.hasOwn(prototype, "onResponseStart")) {
    wrapMethod(prototype, "onResponseStart", (inherited: Callback) => scopedStart(inherited, (_controller, status) => status));
    wrapMethod(prototype, "onResponseError", inCallersContext);
  } else {
    wrapMethod(prototype, "onHeaders", (inherited: Callback) => scopedStart(inherited, (status) => status));
    wrapMethod(prototype, "onError", inCallersContext);
  }
  return true;
}

function isAsIn7Or8(prototype: object, handler: object): boolean {
  if (!(handler instanceof AsyncResource)) return false;
  if (!["res", "trailers", "onInfo", "highWaterMark"].every((field) => Object.hasOwn(handler, field))) return false;
  return [
    ["onResponseStart", "onResponseError"],
    ["onHeaders", "onError"],
  ].some((methods) => methods.every((method) => Object.hasOwn(prototype, method)));
}

function scopedStart(inherited: Callback, statusOf: (a: unknown, b: unknown) => unknown): Callback {
  return function start(a, b, c, d) {
    // A preliminary answer goes straight to the caller's `onInfo`.
    if (Number(statusOf(a, b)) < 200) return this.runInAsyncScope(inherited, this, a, b, c, d);
    const result = inherited.call(this, a, b, c, d);
    if (this.res !== null && processState.settings?.outbound === true) bindAnswer(this.res, this);
    return result;
  };
}

function bindAnswer(body: Body, handler: RequestHandler): void {
  try {
    bindBody(body, handler);
  } catch {
    processState.counters.failures += 1;
  }
}

function inCallersContext(inherited: Callback): Callback {
  return function callback(a, b, c, d) {
    return this.runInAsyncScope(inherited, this, a, b, c, d);
  };
}
