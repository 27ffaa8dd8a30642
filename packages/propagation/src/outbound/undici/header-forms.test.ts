import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canBeReadOnce, headerOf, headersAgain, inFormOf, pairsOf, withValue } from "./header-forms.ts";

const pairs: [string, string][] = [
  ["X-A", "1"],
  ["b", "2"],
];

function* pairsOnce() {
  yield* pairs;
}

describe.each<[string, () => unknown, unknown]>([
  ["an object", () => ({ "X-A": "1", b: "2" }), { "X-A": "1", b: "2", c: "3" }],
  ["a flat array", () => pairs.flat(), ["X-A", "1", "b", "2", "c", "3"]],
  ["a Map", () => new Map(pairs), new Map([...pairs, ["c", "3"]])],
  ["pairs that can be read once", () => pairsOnce(), ["X-A", "1", "b", "2", "c", "3"]],
])("headers from %s", (form, make, extended) => {
  test("are read, and written in the same form, or that of an array", () => {
    const headers = make();
    const read = pairsOf(headers);
    expect(read).toEqual(pairs);
    expect(inFormOf(headers, withValue(read, "c", "3"))).toEqual(extended);
  });

  test("can be read again", () => {
    const headers = make();
    const again = headersAgain(headers, pairsOf(headers));
    expect(pairsOf(again)).toEqual(pairs);
    expect(canBeReadOnce(headers)).toBe(form.includes("once"));
  });
});

test("Headers stay Headers", () => {
  const headers = new Headers({ a: "1" });
  const extended = inFormOf(headers, withValue(pairsOf(headers), "c", "3"));
  expect(extended).toBeInstanceOf(Headers);
  expect([...(extended as Headers)]).toEqual([
    ["a", "1"],
    ["c", "3"],
  ]);
  expect([...headers]).toEqual([["a", "1"]]);
});

test.each([undefined, null])("%s takes one more", (headers) => {
  expect(inFormOf(headers, withValue(pairsOf(headers), "c", "3"))).toEqual({ c: "3" });
  expect(headersAgain(headers, [])).toBe(headers);
});

test("a header is found whatever its case, and joined where it stands more than once", () => {
  expect(headerOf(pairsOf(["Host", "a", "x", "1", "X", "2"]), "x")).toBe("1,2");
  expect(headerOf(pairsOf(["Host", "a"]), "x")).toBeUndefined();
});

test("a header that is set has one value, and all others stay as they are, in their order", () => {
  const name = fc.constantFrom("a", "A", "b", "C");
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), fc.string(), (before, value) => {
      const after = withValue(before, "a", value);
      expect(headerOf(after, "a")).toBe(value);
      const others = (all: readonly (readonly [unknown, unknown])[]) => all.filter(([key]) => String(key).toLowerCase() !== "a");
      expect(others(after)).toEqual(others(before));
    }),
  );
});
