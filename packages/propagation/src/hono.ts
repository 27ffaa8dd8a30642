import type { IncomingMessage, ServerResponse } from "node:http";
import { openScope, prepareScopes, readsBaggage } from "./adapters/open-scope.ts";
import { readNameFromHeaders } from "./inbound/read-name.ts";
import { createRequestScope, enterRequest, leaveRequest } from "./inbound/request-scope.ts";
import { isInert } from "./inert.ts";
import { HEADER } from "./names.ts";
import { processState } from "./process-state.ts";
import { runInScope, type Scope } from "./scope.ts";

/** What the middleware needs of a Hono context. */
export interface HonoContextLike {
  readonly env: unknown;
  readonly req: { header(name: string): string | undefined };
}

/** A middleware of Hono 4. */
export type VirtualClusterHonoMiddleware = (context: HonoContextLike, next: () => Promise<void>) => Promise<void>;

/** What `@hono/node-server` gives to an app. */
interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * Takes the name of the virtual cluster from each request of Hono 4: for services that prefer a visible line to the server hook
 * (`register({ inbound: false })`).
 *
 * Use it before any other middleware: what runs before it runs in no scope. A `ReadableStream` that a handler returns is read after all
 * middleware: its `pull` runs in no scope, while the callbacks of Hono's own `stream` and `streamSSE` run in the request's. The server
 * hook has no such limit; where it is active too, it has the word and this does nothing. Where no `@hono/node-server` is in front of the
 * app, as in `app.request()`, the name is taken from the headers that Hono has.
 *
 * @example
 * ```ts
 * import { register } from "@puggle/propagation";
 * import { virtualCluster } from "@puggle/propagation/hono";
 * import { Hono } from "hono";
 *
 * register({ inbound: false });
 * const app = new Hono();
 * app.use(virtualCluster());
 * ```
 */
export function virtualCluster(): VirtualClusterHonoMiddleware {
  if (isInert()) return (_context, next) => next();
  prepareScopes();
  return (context, next) => {
    const { env } = context;
    if (!isNode(env)) return answerInScope(context, next);
    const scope = openScope(env.incoming, env.outgoing);
    return scope === undefined ? next() : runInScope(scope, next);
  };
}

function isNode(env: unknown): env is NodeBindings {
  return typeof env === "object" && env !== null && "incoming" in env && "outgoing" in env;
}

/** Without a response of Node's, nothing tells when a request is over but the middleware after this one. */
async function answerInScope({ req }: HonoContextLike, next: () => Promise<void>): Promise<void> {
  const answer = {};
  const scope = openHeaderScope(req, answer);
  if (scope === undefined) return next();
  try {
    await runInScope(scope, next);
  } finally {
    leaveRequest(answer);
  }
}

function openHeaderScope(request: HonoContextLike["req"], answer: object): Scope | undefined {
  try {
    const headers = { [HEADER]: request.header(HEADER), baggage: request.header("baggage") };
    const scope = createRequestScope(readNameFromHeaders(headers, readsBaggage()));
    enterRequest(scope, {}, answer);
    return scope;
  } catch {
    processState.counters.failures += 1;
    return undefined;
  }
}
