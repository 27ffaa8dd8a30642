import { defineMethod } from "../../prototypes.ts";

/** Marks our own functions, so that no copy of this library wraps them again. */
const kWrapped = Symbol.for("puggle.dev/propagation/v1/wrapped");

/** Puts a function of ours in the place of a method, once. */
export function wrapMethod<F extends object>(owner: object, method: PropertyKey, wrap: (inherited: F) => F): void {
  const inherited: F & { [kWrapped]?: true } = Reflect.get(owner, method);
  if (inherited[kWrapped] === true) return;
  const value = Object.defineProperty(wrap(inherited), kWrapped, { value: true });
  defineMethod(owner, method, value);
}

/** Finds who in a chain of prototypes has a method. */
export function findOwner(start: object | null, method: string): object | undefined {
  for (let owner = start; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, method) && typeof Reflect.get(owner, method) === "function") return owner;
  }
  return undefined;
}

/** Finds a symbol of undici's own, which it does not export, by what it calls it. */
export function findSymbol(owner: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(owner).find((symbol) => symbol.description === description);
}

/** Only data properties: a getter of somebody's module is not ours to run. */
export function ownValue(owner: unknown, key: PropertyKey): unknown {
  if ((typeof owner !== "object" && typeof owner !== "function") || owner === null) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(owner, key)?.value;
  } catch {
    return undefined;
  }
}
