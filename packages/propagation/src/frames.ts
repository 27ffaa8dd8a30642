import { AsyncResource } from "node:async_hooks";
import { processState } from "./process-state.ts";
import type { Scope } from "./scope.ts";

/** An async context as Node.js keeps one from version 24 on: each AsyncLocalStorage with its store. */
type Frame = ReadonlyMap<unknown, unknown>;

/** Keeps the frame in which a scope is the only store, for as long as the scope is used again and again. */
export interface KeptFrame {
  frame: Frame | undefined;
}

type Work<Result> = (...values: never[]) => Result;

const TYPE = "PUGGLE_SCOPE";
const MANUAL = { requireManualDestroy: true };

/** Under which key an AsyncResource keeps the frame that it was made in, if Node.js keeps frames; looked for once. */
let found: { readonly key: symbol | undefined } | undefined;

/**
 * `storage.run`, of which it makes the frame only once for a scope that has a place to keep it: to make one anew takes a copy of a `Map`, some
 * 200 ns, and to come back to one 30 ns.
 *
 * Where other storages have stores too, a frame of ours would hide them.
 */
export function runInFrame<Result>(scope: Scope, work: Work<Result>, self: unknown, values: readonly unknown[]): Result {
  const { storage } = processState;
  const { kept } = scope;
  found ??= { key: findFrameKey() };
  const { key } = found;
  if (kept === undefined || key === undefined) return runInNewFrame(scope, work, self, values);
  const resource = new AsyncResource(TYPE, MANUAL);
  try {
    const outer = frameOf(resource, key);
    if (outer !== undefined && (outer.size > 1 || !outer.has(storage))) return runInNewFrame(scope, work, self, values);
    kept.frame ??= storage.run(scope, () => inResource((inside) => frameOf(inside, key)));
    setFrame(resource, key, kept.frame);
    return resource.runInAsyncScope(work as (...values: unknown[]) => Result, self, ...values);
  } finally {
    resource.emitDestroy();
  }
}

/** The scope in the context that a resource keeps, read without going there; `undefined` where there is none, or Node.js keeps no frames. */
export function scopeIn(resource: AsyncResource): Scope | undefined {
  found ??= { key: findFrameKey() };
  const { key } = found;
  return key === undefined ? undefined : (frameOf(resource, key)?.get(processState.storage) as Scope | undefined);
}

function runInNewFrame<Result>(scope: Scope, work: Work<Result>, self: unknown, values: readonly unknown[]): Result {
  return processState.storage.run(scope, () => Reflect.apply(work, self, values));
}

/** Shows `look` a resource that was made now, and ends it. */
function inResource<Result>(look: (resource: AsyncResource) => Result): Result {
  const resource = new AsyncResource(TYPE, MANUAL);
  try {
    return look(resource);
  } finally {
    resource.emitDestroy();
  }
}

/** Found by what it does: Node.js gives it no name. */
function findFrameKey(): symbol | undefined {
  const { storage } = processState;
  const store: Scope = { name: undefined, token: undefined };
  return inResource((outside) =>
    storage.run(store, () =>
      inResource((inside) =>
        Object.getOwnPropertySymbols(inside).find((key) => {
          const frame: unknown = Reflect.get(inside, key);
          if (!isFrame(frame) || frame.get(storage) !== store || frame.size !== 1) return false;
          setFrame(outside, key, frame);
          return outside.runInAsyncScope(() => storage.getStore()) === store;
        }),
      ),
    ),
  );
}

/** Node's frames are maps, but none of the `Map` that is to be had. */
function isFrame(value: unknown): value is Frame {
  return (
    typeof value === "object" && value !== null && "get" in value && typeof value.get === "function" && "has" in value && "size" in value
  );
}

function frameOf(resource: AsyncResource, key: symbol): Frame | undefined {
  return (resource as AsyncResource & Record<symbol, Frame | undefined>)[key];
}

function setFrame(resource: AsyncResource, key: symbol, frame: Frame | undefined): void {
  (resource as AsyncResource & Record<symbol, Frame | undefined>)[key] = frame;
}
