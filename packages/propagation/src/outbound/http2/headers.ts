import { HEADER, isBaggage, isOurHeader } from "../../names.ts";

/** What `request` of an HTTP/2 session takes: an object, or, on newer versions of Node, name, value, name, value. */
export type Http2Headers = object | readonly unknown[] | null | undefined;

/** What decides whether, and with what, a request carries the name. */
export interface Http2Head {
  readonly hasOurHeader: boolean;
  /** `:authority`, and `host` where that is there too: both are the caller's word on where the request goes. */
  readonly authority: string | undefined;
  readonly host: string | undefined;
  readonly method: string;
  readonly baggage: string | undefined;
}

/** Reads headers in one pass. */
export function readHead(headers: Http2Headers): Http2Head {
  let hasOurHeader = false;
  let authority: string | undefined;
  let host: string | undefined;
  let method = "GET";
  let protocol: string | undefined;
  let baggage: string | undefined;
  for (const [key, value] of entriesOf(headers)) {
    // Node leaves these out.
    if (value === undefined) continue;
    if (isOurHeader(key)) hasOurHeader = true;
    else if (isBaggage(key)) baggage = baggage === undefined ? String(value) : `${baggage},${value}`;
    else if (key === ":authority") authority = String(value);
    else if (key === ":method") method = String(value);
    else if (key === ":protocol") protocol = String(value);
    else if (typeof key === "string" && key.length === 4 && key.toLowerCase() === "host") host = String(value);
  }
  // Extended CONNECT (RFC 8441) opens a WebSocket at the very host that it names: it is a request like others, not a tunnel.
  return { hasOurHeader, authority, host, method: protocol === undefined ? method : "GET", baggage };
}

/** A copy of headers with the name, and, where it is to change, the baggage. The caller's own are left as they are: callers use them again. */
export function addToHeaders(headers: Http2Headers, name: string, baggage: string | undefined): object {
  if (!Array.isArray(headers)) {
    const copy: Record<PropertyKey, unknown> = { ...headers };
    if (baggage !== undefined) {
      for (const key of Object.keys(copy)) if (isBaggage(key)) delete copy[key];
      copy.baggage = baggage;
    }
    copy[HEADER] = name;
    return copy;
  }
  const copy: unknown[] = [];
  for (const [key, value] of entriesOf(headers)) if (baggage === undefined || !isBaggage(key)) copy.push(key, value);
  if (baggage !== undefined) copy.push("baggage", baggage);
  copy.push(HEADER, name);
  // What Node keeps out of its compression tables is noted on the array itself.
  for (const symbol of Object.getOwnPropertySymbols(headers)) Reflect.set(copy, symbol, Reflect.get(headers, symbol));
  return copy;
}

function* entriesOf(headers: Http2Headers): Generator<readonly [unknown, unknown]> {
  if (Array.isArray(headers)) {
    for (let index = 0; index < headers.length; index += 2) yield [headers[index], headers[index + 1]];
  } else if (headers !== null && headers !== undefined) {
    yield* Object.entries(headers);
  }
}
