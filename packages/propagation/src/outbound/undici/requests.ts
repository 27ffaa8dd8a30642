import { subscribe } from "node:diagnostics_channel";
import { mayBeLost, noteCallFromNowhere } from "../../lost/lost.ts";
import { HEADER, isBaggage, isOurHeader } from "../../names.ts";
import { processState } from "../../process-state.ts";
import { UNCERTAIN } from "../../scope.ts";
import type { Settings } from "../../settings.ts";
import type { Destination } from "../../targets/judge.ts";
import { agreeingBaggage, decide, withhold } from "../verdict.ts";
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
  headers: (string | string[])[];
}

/** Makes the requests of every copy of undici carry the name of the dispatch that makes them. */
export function subscribeToUndiciRequests(): void {
  subscribe("undici:request:create", (message) => {
    const { settings } = processState;
    if (settings?.outbound !== true) return;
    try {
      addName((message as { request: UndiciRequest }).request, settings);
    } catch {
      processState.counters.failures += 1;
    }
  });
}

function addName(request: UndiciRequest, settings: Settings): void {
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
  let baggageAt = NO_BAGGAGE;
  for (let index = 0; index < headers.length; index += 2) {
    const key = headers[index];
    if (isOurHeader(key)) hasOurHeader = true;
    else if (isBaggage(key)) baggageAt = [...baggageAt, index + 1];
  }
  if (!decide(method, hasOurHeader, goesToTarget(request, settings))) return;
  if (baggageAt !== NO_BAGGAGE || settings.writesBaggage) makeBaggageAgree(headers, baggageAt, scope.name);
  // Past `addHeader`, which would look at each character once more. A first element makes V8 find room for 17.
  if (headers.length === 0) request.headers = [HEADER, scope.name];
  else headers.push(HEADER, scope.name);
}

const NO_BAGGAGE: readonly number[] = [];

/** @param baggageAt - where the values of the caller's `baggage` are. */
function makeBaggageAgree(headers: UndiciRequest["headers"], baggageAt: readonly number[], name: string): void {
  const given = baggageAt.length === 0 ? undefined : baggageAt.map((at) => String(headers[at])).join(",");
  const baggage = agreeingBaggage(given, name);
  if (baggage === undefined) return;
  const [first, ...others] = baggageAt;
  if (first === undefined) {
    headers.push("baggage", baggage);
    return;
  }
  headers[first] = baggage;
  for (const at of others.reverse()) headers.splice(at - 1, 2);
}

/** What was judged of a client's last request that named no other host than its origin. */
interface Judged {
  readonly settings: Settings;
  readonly origin: unknown;
  readonly isTarget: boolean;
}

/** Where a client keeps what was judged of its last such request. */
const kJudged: unique symbol = Symbol.for("puggle.dev/propagation/v1/judged");

/** One request after the other of a client goes to the same place: the judge is asked for the first. */
function goesToTarget(request: UndiciRequest, settings: Settings): boolean {
  const { origin, path, host } = request;
  const client = currentDispatcher() as { [kJudged]?: Judged } | null | undefined;
  if (host !== null || path.charCodeAt(0) !== 47 || typeof origin !== "string" || typeof client !== "object" || client === null) {
    return settings.isTarget(destinationOf(request));
  }
  const { [kJudged]: last } = client;
  if (last !== undefined && last.origin === origin && last.settings === settings) return last.isTarget;
  const isTarget = settings.isTarget(destinationOf(request));
  // Somebody's client may refuse it.
  Reflect.set(client, kJudged, { settings, origin, isTarget });
  return isTarget;
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
