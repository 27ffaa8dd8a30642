import type { EventEmitter } from "node:events";
import { http2 } from "../../http-modules.ts";
import { processState } from "../../process-state.ts";
import { hookMethod, ownerOf } from "../../prototypes.ts";
import { createScope, isInScope, type Scoped } from "../../scope.ts";
import { type Emit, emitInScope } from "../emit.ts";
import { openStream } from "./streams.ts";

type Session = EventEmitter & { readonly type?: number };

let hasSessions = false;

/**
 * Makes a server session's event `stream` run in the scope of the new stream, and all other events of sessions in no request's: a
 * session outlives the request that opened it, and would for ever run in its scope.
 */
export function installHttp2SessionEvents(session: object): void {
  if (hasSessions) return;
  const sessions = ownerOf(session, "originSet");
  if (sessions === undefined) return;
  hookMethod(sessions, "emit", sessionEmit);
  hasSessions = true;
}

function sessionEmit(inherited: Emit): Emit {
  return function emit(this: Session, event, ...values) {
    if (processState.settings === undefined || this.listenerCount(event) === 0) return inherited.call(this, event, ...values);
    const isRequest = event === "stream" && this.type === http2.constants.NGHTTP2_SESSION_SERVER;
    const scope = isRequest ? openStream(values[0] as EventEmitter & Scoped, values[1], values[3]) : createScope(processState.outside.name);
    if (scope === undefined || isInScope(scope)) return inherited.call(this, event, ...values);
    return emitInScope(scope, inherited, this, event, ...values);
  };
}
