import fc from "fast-check";
import { expect, it } from "vitest";
import { lineOf, tc } from "./commands.ts";

it("a word never becomes two, a quote, or another line", () => {
  const word = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.stringMatching(/^[\w :"'\\\n#;-]*$/));
  fc.assert(
    fc.property(fc.array(word), (words) => {
      let line: string;
      try {
        line = lineOf(tc(...words));
      } catch {
        return;
      }
      expect(line).not.toMatch(/["'\\#;\n\r\t\0]/);
      expect(line === "" ? [] : line.split(" ")).toEqual(words);
    }),
    { numRuns: 500 },
  );
});

it("an extended match is one word in quotes", () => {
  expect(lineOf(tc("match", "not ipset(puggle-lease-4 src)"))).toBe('match "not ipset(puggle-lease-4 src)"');
});

it.each(["", " ", "a b", "a\n", 'ipset(a src)" x', "ipset(a src)\nqdisc del", "é"])("%j is no word", (word) => {
  expect(() => lineOf(tc(word))).toThrow("not a word");
});
