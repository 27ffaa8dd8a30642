import { expect, it } from "vitest";
import { z } from "zod";
import type { DocumentKind } from "./document-kind.ts";
import { formatProblem } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { describeIssues } from "./schema-problems.ts";

const pageSchema = z.strictObject({ title: z.string(), size: z.int().optional() });
const schema = z.strictObject({
  page: z.union([z.string(), pageSchema], { error: "a title, or a map" }).optional(),
  even: z.custom<number>((value) => Number(value) % 2 === 0, { error: "must be even", params: { fix: "add one" } }).optional(),
  odd: z.custom<number>((value) => Number(value) % 2 === 1, { error: "must be odd" }).optional(),
  lines: z.array(z.string()).optional(),
});
const KIND: DocumentKind = {
  noun: "a booklet",
  schema,
  nouns: new Map<unknown, string>([
    [schema, "a booklet"],
    [pageSchema, "a page"],
  ]),
  maxBytes: 1024,
  fixes: { emptyFile: "write a page", fileTooLarge: "tear it", tooManyAliases: "write them out" },
  examples: new Map([
    ["lines", "lines: [one]"],
    ["a booklet", "page: one"],
  ]),
  findKeyFix: (key, noun) => (key === "sheet" ? `${noun} says 'page'` : undefined),
};

function refusalOf(text: string): string[] {
  const { documents, problems } = readYaml({ path: "b.yaml", text }, KIND);
  const issues = documents.flatMap((document) => describeIssues(document, schema.safeParse(document.value).error?.issues ?? [], KIND));
  return [...problems, ...issues].map(formatProblem);
}

it.each([
  [
    "of alternatives, speaks of the one whose type was written",
    "page: { titel: a, title: b }",
    ["b.yaml:1:9: unknown key 'titel' in a page; did you mean 'title'?"],
  ],
  ["speaks of the parts of that one", "page: { title: a, size: 1.5 }", ["b.yaml:1:25: 'size' must be a whole number, not the number 1.5"]],
  ["names all alternatives where none was meant", "page: [a]", ["b.yaml:1:7: 'page' must be a title, or a map, not a list"]],
  ["says what a check in code says to do", "even: 3", ["b.yaml:1:7: 'even' is the number 3, but must be even; add one"]],
  ["says nothing where such a check says nothing", "odd: 2", ["b.yaml:1:6: 'odd' is the number 2, but must be odd"]],
  [
    "shows how a value of another type is written",
    "lines: one",
    ["b.yaml:1:8: 'lines' must be a list, not the string \"one\"; write it as in 'lines: [one]'"],
  ],
  [
    "shows how a document of another type is written",
    "[]",
    ["b.yaml:1:1: a booklet must be a map, not a list; write it as in 'page: one'"],
  ],
  [
    "asks the kind of document about unknown keys first",
    "sheet: a",
    ["b.yaml:1:1: unknown key 'sheet' in a booklet; a booklet says 'page'"],
  ],
  ["says what to do about an empty one of its kind", "", ["b.yaml:1:1: the file is empty; write a page"]],
])("%s", (_what, text, expected) => {
  expect(refusalOf(text)).toEqual(expected);
});
