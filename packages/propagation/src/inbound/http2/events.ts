import type { EventEmitter } from "node:events";
import { http2 } from "../../http-modules.ts";
import { hookMethod, ownerOf } from "../../prototypes.ts";
import { isInScope, kScope, type Scope, type Scoped } from "../../scope.ts";
import { type Emit, emitInScope } from "../emit.ts";
import { leaveRequest } from "../request-scope.ts";

type Emitter = EventEmitter & Scoped;

/** A compatibility request or response, and the stream under it. */
type Message = Emitter & { readonly stream?: Scoped | undefined };

/** Makes the events of compatibility requests and responses run in the scope that they, or their stream, carry. */
export function installHttp2MessageEvents(): void {
  for (const { prototype } of [http2.Http2ServerRequest, http2.Http2ServerResponse]) hookMethod(prototype, "emit", messageEmit);
}

let hasStreams = false;

/**
 * Makes the events of streams, inbound and outbound, run in the scope that they carry, from the first stream on.
 *
 * They come from wherever the session happens to read or write, which is seldom a context of their own request.
 */
export function installHttp2StreamEvents(stream: object): void {
  if (hasStreams) return;
  const streams = ownerOf(stream, "rstCode");
  if (streams === undefined) return;
  hookMethod(streams, "emit", streamEmit);
  hasStreams = true;
}

function messageEmit(inherited: Emit): Emit {
  return function emit(this: Message, event, ...values) {
    return emitScoped(this[kScope] ?? this.stream?.[kScope], inherited, this, event, values);
  };
}

function streamEmit(inherited: Emit): Emit {
  return function emit(this: Emitter, event, ...values) {
    return emitScoped(this[kScope], inherited, this, event, values);
  };
}

function emitScoped(scope: Scope | undefined, inherited: Emit, emitter: Emitter, event: string | symbol, values: unknown[]): boolean {
  if (event === "close") leaveRequest(emitter);
  // Streams tell themselves of listeners all the time, and nobody else.
  if (event === "newListener" || event === "removeListener") return inherited.call(emitter, event, ...values);
  // To count listeners costs more than to look at the scope.
  if (scope === undefined || isInScope(scope) || emitter.listenerCount(event) === 0) return inherited.call(emitter, event, ...values);
  return emitInScope(scope, inherited, emitter, event, ...values);
}
