import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { bindReadable } from "./adapters/bind-readable.ts";
import { openScope, prepareScopes } from "./adapters/open-scope.ts";
import { isInert } from "./inert.ts";
import { runInScope, type Scope } from "./scope.ts";

/** What the middleware needs of a Koa context. */
export interface KoaContextLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly body?: unknown;
  onerror(error: Error): void;
}

/** A middleware of Koa 2 or 3. */
export type VirtualClusterKoaMiddleware = <Context extends KoaContextLike>(
  context: Context,
  next: () => Promise<unknown>,
) => Promise<unknown>;

/**
 * Takes the name of the virtual cluster from each request of Koa 2 or 3: for services that prefer a visible line to the server hook
 * (`register({ inbound: false })`).
 *
 * Use it before any other middleware: what runs before it runs in no scope. A body that is a `Readable` is read, and the app's
 * `error` event comes, in the request's scope too; a body that is a web stream is not. Where the server hook is active too, that one
 * has the word and this does nothing.
 *
 * @example
 * ```ts
 * import { register } from "@puggle/propagation";
 * import { virtualCluster } from "@puggle/propagation/koa";
 * import Koa from "koa";
 *
 * register({ inbound: false });
 * const app = new Koa();
 * app.use(virtualCluster());
 * ```
 */
export function virtualCluster(): VirtualClusterKoaMiddleware {
  if (isInert()) return (_context, next) => next();
  prepareScopes();
  return (context, next) => {
    const scope = openScope(context.req, context.res);
    return scope === undefined ? next() : goOn(context, next, scope);
  };
}

/** Koa sends the body, and reports errors, when all middleware is done: that is to happen in the scope, too. */
async function goOn(context: KoaContextLike, next: () => Promise<unknown>, scope: Scope): Promise<unknown> {
  try {
    const result = await runInScope(scope, next);
    if (context.body instanceof Readable) {
      bindReadable(context.body, scope);
      bindErrors(context, scope);
    }
    return result;
  } catch (error) {
    bindErrors(context, scope);
    throw error;
  }
}

function bindErrors(context: KoaContextLike, scope: Scope): void {
  const { onerror } = context;
  context.onerror = (error) => runInScope(scope, () => onerror.call(context, error));
}
