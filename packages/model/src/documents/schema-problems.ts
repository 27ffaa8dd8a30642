import type { z } from "zod";
import { describeType, quote } from "./describe-value.ts";
import type { DocumentKind } from "./document-kind.ts";
import { type LocatedDocument, placeOf, type ValuePath } from "./located-document.ts";
import { isNamed, narrowUnion } from "./narrow-union.ts";
import { nearestWord } from "./nearest-word.ts";
import type { DocumentProblem, Place } from "./problem.ts";
import { schemaObjectAt } from "./schema-at.ts";

type Issue = z.core.$ZodIssue;
type Description = Omit<DocumentProblem, keyof Place>;

const STRING = "a string";
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: STRING,
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

/** Says what the schema's issues mean for the person who wrote the document; of several about one value, the first. */
export function describeIssues(document: LocatedDocument, issues: readonly Issue[], kind: DocumentKind): DocumentProblem[] {
  const seen = new Set<string>();
  return issues.flatMap(narrowUnion).flatMap((issue) => {
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => describeUnknownKey(document, issue.path, key, kind));
    const path = JSON.stringify(issue.path);
    if (seen.has(path)) return [];
    seen.add(path);
    return [describeIssue(document, issue, kind)];
  });
}

function describeUnknownKey(document: LocatedDocument, path: ValuePath, key: string, kind: DocumentKind): DocumentProblem {
  const { noun, keys } = schemaObjectAt(path, kind);
  const nearest = nearestWord(key, keys);
  const known = nearest === undefined ? `it has ${keys.filter((name) => !name.startsWith("$")).join(", ")}` : `did you mean '${nearest}'?`;
  const fix = key === "<<" ? "YAML 1.2 has no merge keys: write the keys out" : (kind.findKeyFix?.(key, noun) ?? known);
  return { ...placeOf(document, [...path, key], "key"), code: "unknown-key", message: `unknown key '${key}' in ${noun}`, fix };
}

function describeIssue(document: LocatedDocument, issue: Issue, kind: DocumentKind): DocumentProblem {
  const value = valueAt(document.value, issue.path);
  if (value === undefined) {
    const key = String(issue.path.at(-1));
    const { noun } = schemaObjectAt(issue.path.slice(0, -1), kind);
    return { ...placeOf(document, issue.path), code: "missing-key", message: `${noun} has no '${key}'`, fix: "add it" };
  }
  const place = placeOf(document, issue.path, issue.code === "invalid_key" ? "key" : "value");
  const example = kind.examples?.get(String(lastKeyOf(issue.path) ?? kind.noun));
  const fix = example === undefined ? {} : { fix: `write it as in '${example}'` };
  return { ...place, ...fix, ...describeValue(issue, nameOf(issue.path, kind), value, kind) };
}

function describeValue(issue: Issue, name: string, value: unknown, kind: DocumentKind): Description {
  switch (issue.code) {
    case "invalid_type":
      return describeWrongType(TYPE_NAMES[issue.expected] ?? issue.expected, name, value);
    case "invalid_value":
      return describeUnknownWord(issue.values.map(String), name, value, kind);
    case "invalid_key":
      return { code: "invalid-value", message: `the key ${quote(issue.path.at(-1))} ${issue.issues[0]?.message ?? "is not allowed"}` };
    case "too_big":
      if (typeof value !== "number") break;
      return { code: "invalid-value", message: `${name} must be at most ${issue.maximum}, not ${value}` };
    case "too_small":
      if (typeof value !== "number") return { code: "invalid-value", message: `${name} must not be empty` };
      return { code: "invalid-value", message: `${name} must be at least ${issue.minimum}, not ${value}` };
    case "invalid_union":
      if (isNamed(issue)) return describeWrongType(issue.message, name, value);
      return { code: "invalid-value", message: `${name} holds .inf or .nan, which JSON can not say` };
    case "custom":
      return { ...fixOf(issue), code: "invalid-value", message: `${name} is ${quote(value)}, but ${issue.message}` };
  }
  return { code: "invalid-value", message: `${name} is ${quote(value)}, but ${issue.message}` };
}

/** A check that is written in code may say what to do, as `params: { fix }`. */
function fixOf({ params }: z.core.$ZodIssueCustom): { fix?: string } {
  return typeof params?.fix === "string" ? { fix: params.fix } : {};
}

function describeWrongType(expected: string, name: string, value: unknown): Description {
  const message = `${name} must be ${expected}, not ${describeType(value)}`;
  const isBare = typeof value === "number" || typeof value === "boolean";
  if (expected === STRING && isBare) return { code: "wrong-type", message, fix: "put it in quotes" };
  if (expected.endsWith("number") && typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) {
    return { code: "wrong-type", message, fix: `write it without quotes: ${value}` };
  }
  if (value === null) return { code: "wrong-type", message, fix: "give it a value, or remove the key" };
  return { code: "wrong-type", message };
}

function describeUnknownWord(words: readonly string[], name: string, value: unknown, kind: DocumentKind): Description {
  if (words.length === 1) return { code: "wrong-kind", message: `${name} is ${quote(value)}`, fix: `${kind.noun} says '${words[0]}'` };
  const nearest = typeof value === "string" ? nearestWord(value, words) : undefined;
  const list = words.join(", ");
  const fix = nearest === undefined ? `use one of ${list}` : `did you mean '${nearest}'? (one of ${list})`;
  return { code: "unknown-word", message: `${name} can not be ${quote(value)}`, fix };
}

/** `'ports[2].number'` would be exact but long: the place says where, so the last key is enough. */
function nameOf(path: ValuePath, kind: DocumentKind): string {
  const key = lastKeyOf(path);
  if (key === undefined) return kind.noun;
  const isEntry = typeof path.at(-1) === "number";
  return isEntry ? `an entry of '${String(key)}'` : `'${String(key)}'`;
}

function lastKeyOf(path: ValuePath): PropertyKey | undefined {
  return path.findLast((step) => typeof step === "string");
}

function valueAt(value: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>((inner, step) => (isIndexable(inner) ? inner[step] : undefined), value);
}

function isIndexable(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}
