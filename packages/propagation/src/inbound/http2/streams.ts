import type { EventEmitter } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { processState } from "../../process-state.ts";
import { hookMethod, ownerOf } from "../../prototypes.ts";
import { kScope, type Scope, type Scoped } from "../../scope.ts";
import { readNameFromHeaders, readNameFromRawHeaders } from "../read-name.ts";
import { createRequestScope, enterRequest } from "../request-scope.ts";
import { installHttp2StreamEvents } from "./events.ts";

/** Gives an inbound stream its scope. `undefined` where inbound requests are left alone, or where this fails. */
export function openStream(stream: EventEmitter & Scoped, headers: unknown, rawHeaders: unknown): Scope | undefined {
  const { settings, counters } = processState;
  if (settings?.inbound !== true) return undefined;
  if (stream[kScope] !== undefined) return stream[kScope];
  try {
    installHttp2StreamEvents(stream);
    installPushes(stream);
    const name = Array.isArray(rawHeaders)
      ? readNameFromRawHeaders(rawHeaders, settings.baggage)
      : readNameFromHeaders(headers as IncomingHttpHeaders, settings.baggage);
    const scope = createRequestScope(name);
    enterRequest(scope, stream, stream);
    return scope;
  } catch {
    counters.failures += 1;
    return undefined;
  }
}

type PushStream = (this: Scoped, ...values: unknown[]) => unknown;

let hasPushes = false;

/** What a request pushes is part of its answer. */
function installPushes(stream: object): void {
  if (hasPushes) return;
  const streams = ownerOf(stream, "pushStream");
  if (streams !== undefined) hookMethod(streams, "pushStream", scopedPush);
  hasPushes = true;
}

function scopedPush(inherited: PushStream): PushStream {
  return function pushStream(...values) {
    const scope = this[kScope];
    const at = values.findIndex((value) => typeof value === "function");
    const callback = values[at];
    if (scope === undefined || typeof callback !== "function") return inherited.call(this, ...values);
    const scopedCallback = (error: unknown, pushed: Scoped | undefined, ...rest: unknown[]) => {
      if (pushed !== undefined) pushed[kScope] = scope;
      return callback(error, pushed, ...rest);
    };
    return inherited.call(this, ...values.with(at, scopedCallback));
  };
}
