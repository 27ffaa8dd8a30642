import type { IncomingMessage, ServerResponse } from "node:http";
import { goOnInScope, openScope, prepareScopes } from "./adapters/open-scope.ts";
import { isInert } from "./inert.ts";

type OnRequest = (request: { readonly raw: object }, reply: { readonly raw: object }, done: () => void) => void;

/** What the plugin needs of a Fastify instance. */
export interface FastifyLike {
  addHook(name: "onRequest", hook: OnRequest): unknown;
}

/** A plugin of Fastify 4 or 5. */
export type VirtualClusterPlugin = (app: FastifyLike, options: unknown, done: (error?: Error) => void) => void;

/**
 * Takes the name of the virtual cluster from each request of Fastify 4 or 5: for services that prefer a visible line to the server
 * hook (`register({ inbound: false })`).
 *
 * The plugin is not encapsulated: it holds for the whole app, and for the parts that are registered later. Register it before
 * anything else, and wait for it: Fastify would otherwise load it after the `onRequest` hooks that are added meanwhile, which then
 * run in no scope. Where the server hook is active too, that one has the word and this does nothing.
 *
 * @example
 * ```ts
 * import { register } from "@puggle/propagation";
 * import { virtualCluster } from "@puggle/propagation/fastify";
 * import fastify from "fastify";
 *
 * register({ inbound: false });
 * const app = fastify();
 * await app.register(virtualCluster());
 * ```
 */
export function virtualCluster(): VirtualClusterPlugin {
  const isOff = isInert();
  if (!isOff) prepareScopes();
  const plugin: VirtualClusterPlugin = (app, _options, done) => {
    if (!isOff) app.addHook("onRequest", enterScope);
    done();
  };
  // What `fastify-plugin` sets, without that package: Fastify looks for these.
  return Object.assign(plugin, {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@puggle/propagation",
    [Symbol.for("plugin-meta")]: { name: "@puggle/propagation", fastify: ">=4" },
  });
}

/** Fastify goes on with a request inside `done`: its hooks, the body's parser, the handler. */
const enterScope: OnRequest = (request, reply, done) => {
  const raw = request.raw as IncomingMessage;
  const scope = openScope(raw, reply.raw as ServerResponse);
  return scope === undefined ? done() : goOnInScope(raw, scope, done);
};
