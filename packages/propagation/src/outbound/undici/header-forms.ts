/** A header: its name, its value. */
export type Pair = readonly [name: unknown, value: unknown];

/** What may hold headers and can be asked for one: `Headers`, or a `Map`. */
interface HeaderMap extends Iterable<Pair> {
  get(name: string): unknown;
}

/** The headers of a dispatch, as pairs: undici takes objects, flat arrays, `Headers`, and whatever gives pairs. */
export function pairsOf(headers: unknown): Pair[] {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers)) return Array.from({ length: headers.length / 2 }, (_, index) => [headers[2 * index], headers[2 * index + 1]]);
  if (isIterable(headers)) return Array.from(headers, ([name, value]) => [name, value]);
  return Object.entries(headers);
}

/** Gives pairs the form that the headers they come from have; where that may be one to be read only once, the form of an array. */
export function inFormOf(headers: unknown, pairs: Pair[]): unknown {
  if (isMap(headers)) return new (headers.constructor as new (pairs: Pair[]) => unknown)(pairs);
  return isIterable(headers) ? pairs.flat() : Object.fromEntries(pairs);
}

/** The headers themselves, where they can be read again after `pairsOf`. */
export function headersAgain(headers: unknown, pairs: Pair[]): unknown {
  return canBeReadOnce(headers) ? pairs.flat() : headers;
}

/** May these be gone once they were read, as those of a generator are? */
export function canBeReadOnce(headers: unknown): boolean {
  return isIterable(headers) && !Array.isArray(headers) && !isMap(headers);
}

/** The values of a header, joined as HTTP does where it stands more than once. */
export function headerOf(pairs: readonly Pair[], wanted: string): string | undefined {
  const values = pairs.filter(([name]) => isNamed(name, wanted)).map(([, value]) => String(value));
  return values.length === 0 ? undefined : values.join(",");
}

/** Sets a header in the place where it stands, or at the end. */
export function withValue(pairs: readonly Pair[], name: string, value: string): Pair[] {
  const at = pairs.findIndex((pair) => isNamed(pair[0], name));
  if (at === -1) return [...pairs, [name, value]];
  return pairs.flatMap((pair, index): Pair[] => (index === at ? [[pair[0], value]] : isNamed(pair[0], name) ? [] : [pair]));
}

function isNamed(name: unknown, wanted: string): boolean {
  return typeof name === "string" && name.length === wanted.length && name.toLowerCase() === wanted;
}

function isIterable(headers: unknown): headers is Iterable<Pair> {
  return typeof headers === "object" && headers !== null && Symbol.iterator in headers;
}

function isMap(headers: unknown): headers is HeaderMap {
  return isIterable(headers) && !Array.isArray(headers) && "get" in headers && typeof headers.get === "function";
}
