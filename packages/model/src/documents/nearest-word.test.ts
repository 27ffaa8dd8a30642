import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestWord } from "./nearest-word.ts";

const KEYS = ["name", "namespace", "hosts", "gateways", "ports", "selector", "baselineVersion"];

describe("nearestWord", () => {
  it.each([
    ["a letter left out", "nme", "name"],
    ["a letter added", "hostss", "hosts"],
    ["a letter replaced", "porta", "ports"],
    ["two neighbours swapped", "naem", "name"],
    ["two neighbours swapped at the end", "selectro", "selector"],
    ["another case", "BaseLineVersion", "baselineVersion"],
    ["three slips in a long word", "bselneVerson", "baselineVersion"],
    ["a singular", "gateway", "gateways"],
  ])("finds what was meant after %s", (_slip, word, expected) => {
    expect(nearestWord(word, KEYS)).toBe(expected);
  });

  it("counts a swap as one slip, the most that a short word may have", () => {
    expect(nearestWord("act", ["cat"])).toBe("cat");
    expect(nearestWord("atc", ["cat"])).toBeUndefined();
  });

  it.each(["", "x", "zebra", "image", "replicas"])("guesses nothing for %j", (word) => {
    expect(nearestWord(word, KEYS)).toBeUndefined();
  });

  it("prefers fewer slips, and the first of equals", () => {
    expect(nearestWord("cat", ["cart", "cats", "cat"])).toBe("cat");
    expect(nearestWord("cat", ["cart", "cats"])).toBe("cart");
  });

  const word = fc.stringMatching(/^[a-z]{8,12}$/);
  it("finds every word of eight letters or more after one slip", () => {
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom("drop", "double", "replace", "swap"), (meant, at, slip) => {
        const index = at % (meant.length - 1);
        const [before, after] = [meant.slice(0, index), meant.slice(index + 1)];
        const letter = meant.charAt(index);
        const written = {
          drop: before + after,
          double: before + letter + letter + after,
          replace: `${before}_${after}`,
          swap: before + after.charAt(0) + letter + after.slice(1),
        }[slip];
        expect(nearestWord(written, ["0000", meant])).toBe(meant);
      }),
    );
  });
});
