import type { IncomingHttpHeaders } from "node:http";
import { readBaggage } from "../baggage/read.ts";
import { findNameFault, HEADER, isBaggage, isOurHeader } from "../names.ts";
import { processState } from "../process-state.ts";

/** The headers of a request of a Node.js server. */
export interface MessageHeaders {
  readonly rawHeaders?: readonly string[];
  readonly headers?: IncomingHttpHeaders;
}

/** Reads the name from a request. One that no parser made, such as a mock's, may have its headers in one form only. */
export function readNameFromMessage(message: MessageHeaders, readsBaggage: boolean): string | undefined {
  const { rawHeaders } = message;
  if (rawHeaders !== undefined && rawHeaders.length > 0) return readNameFromRawHeaders(rawHeaders, readsBaggage);
  const { headers } = message;
  return headers === undefined ? undefined : readNameFromHeaders(headers, readsBaggage);
}

/** Reads the name from the `rawHeaders` of a request: cheaper than `headers`, which Node only builds when somebody asks. */
export function readNameFromRawHeaders(rawHeaders: readonly string[], readsBaggage: boolean): string | undefined {
  let header: string | undefined;
  let baggage: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const key = rawHeaders[index] ?? "";
    if (isOurHeader(key)) header = join(header, rawHeaders[index + 1]);
    else if (isBaggage(key)) baggage = join(baggage, rawHeaders[index + 1]);
  }
  return decideName(header, readsBaggage ? baggage : undefined);
}

/** Reads the name from the `headers` of a request, for requests that no parser of Node made. */
export function readNameFromHeaders(headers: IncomingHttpHeaders, readsBaggage: boolean): string | undefined {
  const header: string | string[] | undefined = headers[HEADER];
  return decideName(Array.isArray(header) ? header.join(",") : header, readsBaggage ? headers.baggage?.toString() : undefined);
}

/** As HTTP does with a header that comes twice (RFC 9110, section 5.3). */
function join(sofar: string | undefined, value = ""): string {
  return sofar === undefined ? value : `${sofar},${value}`;
}

/**
 * Decides, and counts what came.
 *
 * Baggage speaks only where the header is absent. A header that is there and invalid is the word of somebody who meant some
 * virtual cluster; to follow baggage then would be to guess which, and a wrong name is worse than none.
 */
function decideName(header: string | undefined, baggage: string | undefined): string | undefined {
  const { counters } = processState;
  const reading = baggage === undefined ? undefined : readBaggage(baggage);
  if (header === undefined) {
    if (reading === undefined) return undefined;
    if ("fault" in reading) {
      counters.dropped.baggage[reading.fault] += 1;
      return undefined;
    }
    counters.received.baggage += 1;
    return reading.name;
  }
  const fault = findNameFault(header);
  if (fault !== undefined) {
    counters.dropped.header[fault] += 1;
    return undefined;
  }
  counters.received.header += 1;
  if (reading !== undefined && "name" in reading && reading.name !== header) counters.conflicts += 1;
  return header;
}
