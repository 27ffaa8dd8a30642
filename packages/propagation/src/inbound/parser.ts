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

/** Does the parser of its connection hand over this request, right now? Somebody else may do so too, or later. */
export function isHandedOverByParser(request: { readonly socket?: unknown }): boolean {
  try {
    const parser = (request.socket as Connection | null | undefined)?.parser;
    if (parser?.incoming !== request) return false;
    const current = executionAsyncId();
    return parser[kAsyncId] === current || askForAsyncId(parser) === current;
  } catch {
    processState.counters.failures += 1;
    return false;
  }
}

/** The first request of a connection asks: the parser may have been another connection's before. */
function askForAsyncId(parser: Parser): number | undefined {
  if (typeof parser.getAsyncId !== "function") return undefined;
  const asyncId = parser.getAsyncId();
  parser[kAsyncId] = asyncId;
  return asyncId;
}
