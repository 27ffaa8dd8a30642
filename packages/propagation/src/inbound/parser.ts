import { executionAsyncId } from "node:async_hooks";
import { processState } from "../process-state.ts";
import type { Scoped } from "../scope.ts";

/** Where Node's HTTP parser keeps the number that its calls run under; a parser is used for one connection after the other. */
const kAsyncId: unique symbol = Symbol.for("puggle.dev/propagation/v1/parser-async-id");

interface Parser {
  /** The request that it reads. */
  readonly incoming?: Scoped | null;
  [kAsyncId]?: number;
  getAsyncId?(): number;
}

/** A socket of a server. */
export interface Connection {
  readonly parser?: Parser | null;
}

/** To be called when a server has accepted a connection. */
export function noteParser(connection: unknown): void {
  try {
    const parser = (connection as Connection | undefined)?.parser;
    if (typeof parser?.getAsyncId === "function") parser[kAsyncId] = parser.getAsyncId();
  } catch {
    processState.counters.failures += 1;
  }
}

/** Does the parser of its connection hand over this request, right now? Somebody else may do so too, or later. */
export function isHandedOverByParser(request: { readonly socket?: unknown }): boolean {
  const parser = (request.socket as Connection | null | undefined)?.parser;
  return parser?.incoming === request && parser[kAsyncId] === executionAsyncId();
}
