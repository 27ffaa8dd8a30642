import type { Readable } from "node:stream";
import { bindEmitter } from "../inbound/events.ts";
import { defineMethod } from "../prototypes.ts";
import { runInScope, type Scope } from "../scope.ts";

/**
 * Makes a stream produce what it gives in a scope, wherever it is read from: a framework may pipe it on only after the scope was left,
 * and a generator behind it would then run in none.
 */
export function bindReadable(stream: Readable, scope: Scope): void {
  const { read } = stream;
  defineMethod(stream, "read", (size?: number) => runInScope(scope, () => read.call(stream, size)));
  bindEmitter(stream, scope);
}
