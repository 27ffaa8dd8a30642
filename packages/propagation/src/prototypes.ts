/** Marks a prototype with the methods that are ours already, whichever copy of this library put them there. */
const kHooked: unique symbol = Symbol.for("puggle.dev/propagation/v1/hooked");

/**
 * Replaces a method of a prototype, once a process. Node exports few of the classes of `node:http2`, so that their prototypes are found
 * from the first object of each that is seen, and looked at again from every copy of this library.
 */
export function hookMethod<F extends object>(prototype: object, method: string, wrap: (inherited: F) => F): void {
  const hooked: readonly string[] = Object.hasOwn(prototype, kHooked) ? Reflect.get(prototype, kHooked) : [];
  if (hooked.includes(method)) return;
  const value = wrap(Reflect.get(prototype, method) as F);
  defineMethod(prototype, method, value);
  Object.defineProperty(prototype, kHooked, { value: [...hooked, method], configurable: true });
}

/** Gives an object a method as a class would: writable, and not enumerable. */
export function defineMethod(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true });
}

/** The prototype that itself has this property, from an object up. */
export function ownerOf(start: object, property: string): object | undefined {
  for (let owner: object | null = start; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, property)) return owner;
  }
  return undefined;
}

/** Has it properties that may be asked for? */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
