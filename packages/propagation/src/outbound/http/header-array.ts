import type { OutgoingHttpHeader } from "node:http";

/** The two forms of array headers that `http.request` takes: `["a", "1", "b", "2"]` and `[["a", "1"], ["b", "2"]]`. */
export type HeaderArray = readonly (OutgoingHttpHeader | readonly [string, OutgoingHttpHeader])[];

/** The values of a header, joined as HTTP does where it stands more than once; `undefined` where it does not stand there. */
export function findHeader(headers: HeaderArray, name: string): string | undefined {
  const values: string[] = [];
  for (const [key, value] of pairsOf(headers)) if (isNamed(key, name)) values.push(String(value));
  return values.length === 0 ? undefined : values.join(",");
}

/** A copy with one more header, in the form of the original. */
export function appendHeader(headers: HeaderArray, name: string, value: string): HeaderArray {
  return isNested(headers) ? [...headers, [name, value]] : [...headers, name, value];
}

/** A copy in which the first header of this name has the value, and no other of this name is left. */
export function replaceHeader(headers: HeaderArray, name: string, value: string): HeaderArray {
  const pairs = pairsOf(headers);
  const first = pairs.findIndex(([key]) => isNamed(key, name));
  const kept = pairs.flatMap(([key, old], index): [unknown, unknown][] => {
    if (!isNamed(key, name)) return [[key, old]];
    return index === first ? [[key, value]] : [];
  });
  return (isNested(headers) ? kept : kept.flat()) as HeaderArray;
}

function isNested(headers: HeaderArray): boolean {
  return Array.isArray(headers[0]);
}

function pairsOf(headers: HeaderArray): [unknown, unknown][] {
  if (isNested(headers)) return headers.map((pair) => (Array.isArray(pair) ? [pair[0], pair[1]] : [undefined, undefined]));
  const pairs: [unknown, unknown][] = [];
  for (let index = 0; index < headers.length; index += 2) pairs.push([headers[index], headers[index + 1]]);
  return pairs;
}

function isNamed(key: unknown, name: string): boolean {
  return typeof key === "string" && key.length === name.length && key.toLowerCase() === name;
}
