import { AsyncResource } from "node:async_hooks";
import { kScope, type Scope, type Scoped, scopeKeptBy } from "../../scope.ts";

/** Where options keep the scope once the handler that goes with them runs in it too. */
export const kBound: unique symbol = Symbol.for("puggle.dev/propagation/v1/bound");

/** What `dispatch` takes first. */
export type DispatchOptions = object & { readonly [kScope]?: Scope; readonly [kBound]?: Scope };

/** `dispatch`, of a dispatcher or between two interceptors. */
export type Dispatch = (this: unknown, options: unknown, handler: unknown) => unknown;

/** A copy of options with the scope in it. */
export function withScope(options: object, key: typeof kScope | typeof kBound, scope: Scope): object {
  return isPlain(options) ? { ...options, [key]: scope } : overlay(options, { [key]: scope });
}

/** A copy of options with other values in it. One of an object of a class has its getters read from the original: they may use what is private there. */
export function overlay(options: object, values: object): object {
  if (isPlain(options)) return { ...options, ...values };
  const copied = { ...Object.getOwnPropertyDescriptors(options), ...Object.getOwnPropertyDescriptors(values) };
  return new Proxy(Object.create(Object.getPrototypeOf(options), copied), {
    get: (copy, property) => Reflect.get(Object.hasOwn(copy, property) ? copy : options, property),
  });
}

function isPlain(options: object): boolean {
  const prototype = Object.getPrototypeOf(options);
  return prototype === Object.prototype || prototype === null;
}

/** The scope that a dispatch belongs to, where its options or its handler tell. */
export function scopeOfDispatch(options: DispatchOptions, handler: object): Scope | undefined {
  return options[kBound] ?? options[kScope] ?? scopeOfHandler(handler);
}

/**
 * The scope that a handler belongs to: one that we wrapped keeps it, and those of undici's own `request`, `stream` and `upgrade` keep the context
 * of their caller. So it is known also where somebody's dispatcher held the request back.
 */
export function scopeOfHandler(handler: object): Scope | undefined {
  const known = (handler as Scoped)[kScope];
  if (known !== undefined) return known;
  return handler instanceof AsyncResource ? scopeKeptBy(handler) : undefined;
}
