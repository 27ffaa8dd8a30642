/**
 * Node's own HTTP modules, by a way that leaves their exports alone: an `import` of `node:http` in an ES module reads all of
 * them, and `http.WebSocket` then loads the undici that is built into Node, which changes what copies of undici find that the
 * service loads later (see `outbound/undici-copies.ts`).
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");
export const https: typeof import("node:https") = process.getBuiltinModule("node:https");
