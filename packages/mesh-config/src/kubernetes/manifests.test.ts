import { describe, expect, it } from "vitest";
import { parseManifests } from "./manifests.ts";

const parse = (text: string) => parseManifests([{ path: "a.yaml", text }]);

describe("manifests", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    [
      "several documents, with empty ones between",
      "---\nkind: A\napiVersion: v1\nmetadata: { name: a }\n---\n# nothing\n---\n---\nkind: B\napiVersion: v1\nmetadata: { name: b }\n",
      ["A a", "B b"],
    ],
    ["Windows line ends", "kind: A\r\napiVersion: v1\r\nmetadata:\r\n  name: a\r\n", ["A a"]],
    [
      "a List",
      "kind: List\napiVersion: v1\nitems: [{ kind: A, apiVersion: v1, metadata: { name: a } }, { kind: B, apiVersion: v1, metadata: { name: b } }]",
      ["A a", "B b"],
    ],
    ["anchors and merge-free aliases", "kind: A\napiVersion: v1\nmetadata: { name: &n a, labels: { app: *n } }", ["A a"]],
    ["an empty file", "", []],
    ["JSON", '{"kind":"A","apiVersion":"v1","metadata":{"name":"a"}}', ["A a"]],
  ];
  it.each(cases)("reads %s", (_, text, expected) => {
    expect(parse(text).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(expected);
  });

  const refusals: readonly [string, string, RegExp][] = [
    ["a syntax error, with its place", "kind: A\nmetadata: { name: [a }\n", /^a\.yaml:2:\d+: /],
    [
      "a document that is no object",
      "kind: A\napiVersion: v1\nmetadata: { name: a }\n---\n- 1\n",
      /^a\.yaml:\d+:1: not a Kubernetes object/,
    ],
    ["an object without a name", "kind: A\napiVersion: v1\nmetadata: {}\n", /^a\.yaml:1:1: not a Kubernetes object: metadata\.name/],
  ];
  it.each(refusals)("refuses %s", (_, text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "invalid-manifest", message: expect.stringMatching(message) }));
  });
});
