import type { EventEmitter } from "node:events";
import { installHttp2StreamEvents } from "../../inbound/http2/events.ts";
import { installHttp2SessionEvents } from "../../inbound/http2/sessions.ts";
import { mayBeLost, noteCallFromNowhere } from "../../lost/lost.ts";
import { processState } from "../../process-state.ts";
import { hookMethod, ownerOf } from "../../prototypes.ts";
import { currentScope, kScope, type Scope, type Scoped } from "../../scope.ts";
import type { Destination } from "../../targets/judge.ts";
import { areOfKnownCall } from "../grpc/calls.ts";
import { isOfGrpc } from "../grpc/copies.ts";
import { agreeingBaggage, mayCarryName, withhold } from "../verdict.ts";
import { addToHeaders, type Http2Head, type Http2Headers, readHead } from "./headers.ts";
import { type ClientSession, makeIdleSession, peerOf } from "./sessions.ts";
import { installHttp2WrapperHooks } from "./wrapper.ts";

type Stream = EventEmitter & Scoped;
type Request = (this: ClientSession, headers: Http2Headers, ...rest: unknown[]) => Stream;

/**
 * Makes the requests of `node:http2` clients carry the name, and the events of their streams run in the scope of who made them.
 *
 * Undici and gRPC make theirs from queues, where the current scope is whoever's: those were decided when they were dispatched or called.
 */
export function installHttp2ClientHooks(): void {
  const session = makeIdleSession();
  installHttp2SessionEvents(session);
  const sessions = ownerOf(session, "request");
  if (sessions !== undefined) hookMethod(sessions, "request", scopedRequest);
  installHttp2WrapperHooks();
}

function scopedRequest(inherited: Request): Request {
  return function request(headers, ...rest) {
    if (processState.settings?.outbound !== true) return inherited.call(this, headers, ...rest);
    const scope = scopeOfRequest(this, headers);
    if (scope === undefined) return inherited.call(this, headers, ...rest);
    const stream = inherited.call(this, withName(this, scope, headers), ...rest);
    bindStream(stream, scope);
    return stream;
  };
}

function bindStream(stream: Stream, scope: Scope): void {
  try {
    stream[kScope] = scope;
    installHttp2StreamEvents(stream);
  } catch {
    processState.counters.failures += 1;
  }
}

/** `undefined` for what is not ours to decide. */
function scopeOfRequest(session: ClientSession, headers: Http2Headers): Scope | undefined {
  try {
    if (peerOf(session).isUndici) return undefined;
    if (!isOfGrpc(headers)) return currentScope();
    // A copy of gRPC that we did not get to wrap: whose call this is can not be known.
    if (!areOfKnownCall(headers)) withhold("uncertain-origin");
  } catch {
    processState.counters.failures += 1;
  }
  return undefined;
}

function withName(session: ClientSession, scope: Scope, headers: Http2Headers): Http2Headers {
  // Node refuses it, in its own words.
  if (session.closed || session.destroyed) return headers;
  try {
    const { name } = scope;
    if (name === undefined) {
      if (mayBeLost(scope)) noteLost(session, readHead(headers));
      return headers;
    }
    const head = readHead(headers);
    if (peerOf(session).host === undefined) {
      withhold("uncertain-origin");
      return headers;
    }
    if (!mayCarryName({ method: head.method, hasOurHeader: head.hasOurHeader, ...destinationOf(session, head) })) return headers;
    return addToHeaders(headers, name, agreeingBaggage(head.baggage, name));
  } catch {
    processState.counters.failures += 1;
    return headers;
  }
}

function noteLost(session: ClientSession, head: Http2Head): void {
  if (!head.hasOurHeader) noteCallFromNowhere(destinationOf(session, head));
}

function destinationOf(session: ClientSession, { authority, host }: Http2Head): Destination {
  const { host: openedFor, socketHost } = peerOf(session);
  return { peer: authority ?? openedFor ?? "", connectedTo: socketHost ?? openedFor, path: "/", hostHeader: host };
}
