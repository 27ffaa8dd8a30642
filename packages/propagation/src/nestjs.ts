import { createNodeMiddleware, type VirtualClusterMiddleware } from "./adapters/node-middleware.ts";

export type { VirtualClusterMiddleware };

/**
 * Takes the name of the virtual cluster from each request of NestJS, on Express or on Fastify: for services that prefer a visible
 * line to the server hook (`register({ inbound: false })`).
 *
 * Give it to `app.use`, before all others, for the whole application, or to `consumer.apply` in a module's `configure` for the routes
 * named there. Guards, interceptors, pipes, controllers, providers and exception filters then run in the request's scope. Gateways of
 * WebSockets are not reached by middleware: leave the server hook on for them. Where it is on, it has the word and this does nothing.
 *
 * @example
 * ```ts
 * import { Module } from "@nestjs/common";
 * import { NestFactory } from "@nestjs/core";
 * import { register } from "@puggle/propagation";
 * import { virtualCluster } from "@puggle/propagation/nestjs";
 *
 * class AppModule {}
 * Module({})(AppModule);
 *
 * register({ inbound: false });
 * const app = await NestFactory.create(AppModule);
 * app.use(virtualCluster());
 * ```
 */
export function virtualCluster(): VirtualClusterMiddleware {
  return createNodeMiddleware();
}
