import { subscribe } from "node:diagnostics_channel";
import { mayBeLost, noteCallFromNowhere } from "../../lost/lost.ts";
import { HEADER, isBaggage, isOurHeader } from "../../names.ts";
import { processState } from "../../process-state.ts";
import { UNCERTAIN } from "../../scope.ts";
import type { Destination } from "../../targets/judge.ts";
import { agreeingBaggage, mayCarryName, withhold } from "../verdict.ts";
import { currentDispatcher, dispatchingScope } from "./dispatching.ts";
import { findSymbol } from "./wrapping.ts";

/** A request of undici 6 to 8, as it is announced when it is made and before it is queued. */
interface UndiciRequest {
  readonly origin: unknown;
  readonly method: string;
  readonly path: string;
  /** The `Host` header, where the caller set one; it is not among the headers. */
  readonly host: string | null;
  /** Name, value, name, value; undici's own array, not the caller's. */
  readonly headers: (string | string[])[];
  addHeader(name: string, value: string): unknown;
}

/** Makes the requests of every copy of undici carry the name of the dispatch that makes them. */
export function subscribeToUndiciRequests(): void {
  subscribe("undici:request:create", (message) => {
    if (processState.settings?.outbound !== true) return;
    try {
      addName((message as { request: UndiciRequest }).request);
    } catch {
      processState.counters.failures += 1;
    }
  });
}

function addName(request: UndiciRequest): void {
  const scope = dispatchingScope();
  if (scope === undefined || scope === UNCERTAIN || !Array.isArray(request.headers)) {
    // A copy of undici that we did not get to wrap, such as one inside a bundle: whose request this is can not be known.
    withhold("uncertain-origin");
    return;
  }
  if (scope.name === undefined) {
    if (mayBeLost(scope) && !request.headers.some((key, index) => index % 2 === 0 && isOurHeader(key)))
      noteCallFromNowhere(destinationOf(request));
    return;
  }
  const { method, headers } = request;
  let hasOurHeader = false;
  let baggageAt = -1;
  for (let index = 0; index < headers.length; index += 2) {
    const key = headers[index];
    if (isOurHeader(key)) hasOurHeader = true;
    else if (isBaggage(key)) baggageAt = index + 1;
  }
  if (!mayCarryName({ method, hasOurHeader, ...destinationOf(request) })) return;
  const baggage = agreeingBaggage(baggageAt === -1 ? undefined : headers[baggageAt]?.toString(), scope.name);
  if (baggage !== undefined && baggageAt === -1) request.addHeader("baggage", baggage);
  else if (baggage !== undefined) headers[baggageAt] = baggage;
  request.addHeader(HEADER, scope.name);
}

function destinationOf({ origin, path, host }: UndiciRequest): Destination {
  return { peer: String(origin), connectedTo: originOf(currentDispatcher()), path, hostHeader: host ?? undefined };
}

/** The origins that clients connect to: one for the life of a client. */
const origins = new WeakMap<object, string>();

/**
 * Where a client connects to. Undici 6 announces the origin that the options name, a redirect's for example, and sends the
 * request to the client's own all the same.
 */
export function originOf(client: unknown): string | undefined {
  if (typeof client !== "object" || client === null) return undefined;
  const known = origins.get(client);
  if (known !== undefined) return known;
  const key = findSymbol(client, "url");
  const url: unknown = key === undefined ? undefined : Reflect.get(client, key);
  if (!(url instanceof URL)) return undefined;
  origins.set(client, url.origin);
  return url.origin;
}
