import type { ClientRequest, OutgoingHttpHeader } from "node:http";
import { http } from "../../http-modules.ts";
import { bindSocket, installMessageEvents } from "../../inbound/events.ts";
import { mayBeLost, noteCallFromNowhere } from "../../lost/lost.ts";
import { HEADER } from "../../names.ts";
import { processState } from "../../process-state.ts";
import { defineMethod, hookMethod } from "../../prototypes.ts";
import { currentScope, kScope, runInScope, type Scope, type Scoped } from "../../scope.ts";
import type { Destination } from "../../targets/judge.ts";
import { agreeingBaggage, mayCarryName, withhold } from "../verdict.ts";
import { appendHeader, findHeader, type HeaderArray, replaceHeader } from "./header-array.ts";
import { isHeaderStore, LentName } from "./stored-headers.ts";

type Client = ClientRequest & Scoped;

/**
 * Makes the requests of `node:http` and `node:https` carry the name.
 *
 * - The scope is remembered while the constructor runs, where Node sets the `Host` header through `setHeader` on every version:
 *   after it, the request may wait for a socket and be sent from somebody else's code.
 * - The header is written in `_storeHeader`, the last moment before the head is text: only there array headers, `Expect:
 *   100-continue` and headers that were set late can all be seen. (The diagnostics channel `http.client.request.created` comes
 *   too late for the first two, and Node 20 has none.)
 */
export function installNodeHttpHooks(): void {
  installMessageEvents();
  hookMethod(http.Agent.prototype, "createSocket", scopedCreateSocket);
  const { setHeader, emit } = http.ClientRequest.prototype;
  const storeHeader: (firstLine: string, headers: unknown) => void = Reflect.get(http.ClientRequest.prototype, "_storeHeader");

  define("setHeader", function setScopedHeader(this: Client, name: string, value: number | string | readonly string[]) {
    if (this[kScope] === undefined && processState.settings?.outbound === true) this[kScope] = currentScope();
    return setHeader.call(this, name, value);
  });
  define("_storeHeader", function storeScopedHeader(this: Client, firstLine: string, headers: unknown) {
    const extended = withName(this, headers);
    if (!(extended instanceof LentName)) return storeHeader.call(this, firstLine, extended);
    try {
      return storeHeader.call(this, firstLine, headers);
    } finally {
      extended.takeBack();
    }
  });
  define("emit", function emitScoped(this: Client, event: string | symbol, ...values: unknown[]) {
    if (this[kScope] !== undefined) handOver(this[kScope], event, values);
    return emit.call(this, event, ...values);
  });
}

type CreateSocket = (this: unknown, request: Client, ...rest: unknown[]) => unknown;

/** An agent opens the connection of a request that waited from the events of the one before. */
function scopedCreateSocket(inherited: CreateSocket): CreateSocket {
  return function createSocket(request, ...rest) {
    const scope = processState.settings?.outbound === true ? request?.[kScope] : undefined;
    return scope === undefined ? inherited.call(this, request, ...rest) : runInScope(scope, () => inherited.call(this, request, ...rest));
  };
}

function define(key: string, value: unknown): void {
  defineMethod(http.ClientRequest.prototype, key, value);
}

/** What is handed to the caller with an event belongs to the request's scope too. */
function handOver(scope: Scope, event: string | symbol, values: unknown[]): void {
  if (event !== "response" && event !== "upgrade" && event !== "connect") return;
  const response: Scoped | undefined = typeof values[0] === "object" && values[0] !== null ? values[0] : undefined;
  if (response !== undefined && Object.isExtensible(response)) response[kScope] = scope;
  if (event !== "response") bindSocket(values[1], scope);
}

/**
 * The headers to send: the caller's own, or, where the request is to carry a name, with it. Arrays are copied, for they are the
 * caller's; to the request's own store the name is lent.
 */
function withName(request: Client, headers: unknown): unknown {
  try {
    if (processState.settings?.outbound !== true) return headers;
    const isArray = Array.isArray(headers);
    // Array headers are stored inside the constructor, so that the current scope is the caller's. Anything else came by
    // `setHeader` before.
    const scope = request[kScope] ?? (isArray ? currentScope() : undefined);
    if (scope === undefined) {
      withhold("uncertain-origin");
      return headers;
    }
    request[kScope] = scope;
    if (scope.name === undefined) {
      if (mayBeLost(scope) && !hasOurHeader(request, headers)) noteCallFromNowhere(destinationOf(request, isArray ? headers : undefined));
      return headers;
    }
    return isArray ? extendArray(request, headers, scope.name) : extendStore(request, headers, scope.name);
  } catch {
    processState.counters.failures += 1;
    return headers;
  }
}

function extendArray(request: Client, headers: HeaderArray, name: string): HeaderArray {
  const outbound = { method: request.method, hasOurHeader: hasOurHeader(request, headers), ...destinationOf(request, headers) };
  if (!mayCarryName(outbound)) return headers;
  const given = textOf(findHeader(headers, "baggage"));
  const baggage = agreeingBaggage(given, name);
  if (baggage === undefined) return appendHeader(headers, HEADER, name);
  const extended = given === undefined ? appendHeader(headers, "baggage", baggage) : replaceHeader(headers, "baggage", baggage);
  return appendHeader(extended, HEADER, name);
}

function extendStore(request: Client, headers: unknown, name: string): unknown {
  const outbound = { method: request.method, hasOurHeader: hasOurHeader(request, headers), ...destinationOf(request, undefined) };
  if (!mayCarryName(outbound)) return headers;
  const baggage = agreeingBaggage(textOf(request.getHeader("baggage")), name);
  if (isHeaderStore(headers)) return new LentName(headers, name, baggage);
  // Without any header Node passes nothing: what `setHeader` would make then is not what `_storeHeader` was called with.
  return baggage === undefined ? { ...(headers as object), [HEADER]: name } : { ...(headers as object), baggage, [HEADER]: name };
}

/** Did the caller set it? */
function hasOurHeader(request: Client, headers: unknown): boolean {
  return Array.isArray(headers) ? findHeader(headers, HEADER) !== undefined : request.hasHeader(HEADER);
}

function destinationOf(request: Client, headers: HeaderArray | undefined): Destination {
  const hostHeader = textOf(headers === undefined ? request.getHeader("host") : findHeader(headers, "host"));
  return { peer: request.host, connectedTo: hostOfAgent(request), path: request.path, hostHeader };
}

/** Node merges an agent's own options over the request's when it connects. */
function hostOfAgent({ agent }: Client & { readonly agent?: unknown }): string | undefined {
  const host: unknown = (agent as { readonly options?: { readonly host?: unknown } } | undefined)?.options?.host;
  return typeof host === "string" ? host : undefined;
}

function textOf(value: OutgoingHttpHeader | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value?.toString();
}
