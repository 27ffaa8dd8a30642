/**
 * Node's own HTTP modules, by a way that leaves their exports alone: an `import` of `node:http` in an ES module reads all of
 * them, and `http.WebSocket` then loads the undici that is built into Node, which changes what copies of undici find that the
 * service loads later (see `outbound/undici/copies.ts`).
 */
export const http: typeof import("node:http") = builtin("node:http");
export const https: typeof import("node:https") = builtin("node:https");
export const http2: typeof import("node:http2") = builtin("node:http2");

/** A Node.js that has no such way is too old for `register()`, which says so: until then, loading this must not fail. */
function builtin<Id extends "node:http" | "node:https" | "node:http2">(
  id: Id,
): NonNullable<ReturnType<typeof process.getBuiltinModule<Id>>> {
  return typeof process.getBuiltinModule === "function" ? process.getBuiltinModule(id) : Object.create(null);
}
