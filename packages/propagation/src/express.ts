import { createNodeMiddleware, type VirtualClusterMiddleware } from "./adapters/node-middleware.ts";

export type { VirtualClusterMiddleware };

/**
 * Takes the name of the virtual cluster from each request of Express 4 or 5: for services that prefer a visible line to the server
 * hook (`register({ inbound: false })`).
 *
 * Use it before any other middleware: what runs before it runs in no scope. Where the server hook is active too, that one has
 * the word and this does nothing.
 *
 * @example
 * ```ts
 * import { register } from "@puggle/propagation";
 * import { virtualCluster } from "@puggle/propagation/express";
 * import express from "express";
 *
 * register({ inbound: false });
 * const app = express();
 * app.use(virtualCluster());
 * ```
 */
export function virtualCluster(): VirtualClusterMiddleware {
  return createNodeMiddleware();
}
