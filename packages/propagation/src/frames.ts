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

let found: { readonly key: symbol | undefined } | undefined;

/** Under which key an AsyncResource keeps the frame that it was made in, if Node.js keeps frames; looked for once. */
function frameKey(): symbol | undefined {
  found ??= { key: findFrameKey() };
  return found.key;
}

/**
 * `storage.run`, of which it makes the frame only once for a scope that has a place to keep it: to make one anew takes a copy of a `Map`, some
 * 200 ns, and to come back to one 30 ns.
 *
 * Where other storages have stores too, a frame of ours would hide them.
 */
export function runInFrame<Result>(scope: Scope, work: Work<Result>, self: unknown, values: readonly unknown[]): Result {
  const { storage } = processState;
  const { kept } = scope;
  const key = frameKey();
  if (kept === undefined || key === undefined) return runInNewFrame(scope, work, self, values);
  const resource = new AsyncResource(TYPE, MANUAL);
  try {
    const outer = frameOf(resource, key);
    if (outer !== undefined && (outer.size > 1 || !outer.has(storage))) return runInNewFrame(scope, work, self, values);
    kept.frame ??= inContextOfItsOwn(() => storage.run(scope, () => inResource((inside) => frameOf(inside, key))));
    setFrame(resource, key, kept.frame);
    return callIn(resource, work as (...values: unknown[]) => Result, self, values);
  } finally {
    resource.emitDestroy();
  }
}

/**
 * Enters a scope for the rest of a call that Node.js makes from outside JavaScript, where it comes back from that by itself. `false` where it does not: it
 * does since it keeps frames.
 *
 * To leave the scope too costs as much again, and to go there through an AsyncResource more: 80 lines of code that no other part of a request runs.
 */
export function enterForThisCall(scope: Scope): boolean {
  if (frameKey() === undefined) return false;
  processState.storage.enterWith(scope);
  return true;
}

/** `resource.runInAsyncScope(work, self, ...values)`: V8 takes its time to spread values, and an event with more than two is rare. */
function callIn<Result>(
  resource: AsyncResource,
  work: (...values: unknown[]) => Result,
  self: unknown,
  values: readonly unknown[],
): Result {
  switch (values.length) {
    case 0:
      return resource.runInAsyncScope(work, self);
    case 2:
      return resource.runInAsyncScope(work, self, values[0], values[1]);
    case 3:
      return resource.runInAsyncScope(work, self, values[0], values[1], values[2]);
    default:
      return resource.runInAsyncScope(work, self, ...values);
  }
}

/** The scope in the context that a resource keeps, read without going there; `undefined` where there is none, or Node.js keeps no frames. */
export function scopeIn(resource: AsyncResource): Scope | undefined {
  const key = frameKey();
  return key === undefined ? undefined : (frameOf(resource, key)?.get(processState.storage) as Scope | undefined);
}

function runInNewFrame<Result>(scope: Scope, work: Work<Result>, self: unknown, values: readonly unknown[]): Result {
  return processState.storage.run(scope, () => Reflect.apply(work, self, values));
}

/**
 * Does `work` so that it leaves no trace: where there was no frame, `storage.run` leaves one behind that says as much, and every request that comes
 * from there would have to copy it.
 */
export function inContextOfItsOwn<Result>(work: () => Result): Result {
  return inResource((resource) => resource.runInAsyncScope(work));
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
    inContextOfItsOwn(() =>
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
