import { subscribe } from "node:diagnostics_channel";
import { HEADER, isOurHeader } from "../names.ts";
import { processState } from "../process-state.ts";

let written: string | undefined;
let isWatching = false;

/** To be told of every name that was written into a carrier. */
export function noteWritten(name: string): void {
  written = name;
}

/**
 * Takes a name back that was written on a request of undici that had one from its caller.
 *
 * OpenTelemetry's instrumentation gives a propagator an empty carrier and appends to the request what it finds there afterwards. Subscribers
 * are called in the order in which they subscribed: to be after that instrumentation, this waits for OpenTelemetry to be in use.
 */
export function watchForCallersHeader(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe("undici:request:create", (message) => {
    const name = written;
    written = undefined;
    if (name !== undefined) takeBack((message as { request: { headers: unknown } }).request.headers, name);
  });
}

function takeBack(headers: unknown, name: string): void {
  if (!Array.isArray(headers)) return;
  let first = -1;
  let last = -1;
  for (let index = 0; index < headers.length; index += 2) {
    if (!isOurHeader(headers[index])) continue;
    last = index;
    if (first === -1) first = index;
  }
  // The caller's own may come several times: of ours there is only the one that was appended, in this spelling.
  if (first === last || headers[last] !== HEADER || headers[last + 1] !== name) return;
  headers.splice(last, 2);
  const { counters } = processState;
  counters.sent -= 1;
  counters.withheld["caller-set"] += 1;
}
