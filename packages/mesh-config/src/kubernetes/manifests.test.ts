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
    [
      "merge keys",
      "kind: A\napiVersion: v1\nmetadata: &m { name: a }\n---\nkind: B\napiVersion: v1\nbase: &b { name: b }\nmetadata: { <<: *b, namespace: n }",
      ["A a", "B b"],
    ],
    [
      "what Helm prints, comments and empty documents and all",
      "---\n# Source: shop/templates/a.yaml\nkind: A\napiVersion: v1\nmetadata:\n  name: a\n---\n# Source: shop/templates/off.yaml\n---\n\n---\n# Source: shop/templates/b.yaml\nkind: B\napiVersion: v1\nmetadata: { name: b }\n",
      ["A a", "B b"],
    ],
    [
      "an object that is there twice as the later one, whatever its version",
      "kind: A\napiVersion: g.io/v1beta1\nmetadata: { name: a, labels: { x: '1' } }\n---\nkind: A\napiVersion: g.io/v1\nmetadata: { name: a, namespace: default }\n---\nkind: A\napiVersion: h.io/v1\nmetadata: { name: a }\n",
      ["A a", "A a"],
    ],
    ["a byte order mark", "\ufeffkind: A\napiVersion: v1\nmetadata: { name: a }", ["A a"]],
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
    [
      "a template that nobody has rendered, and says what to do",
      'kind: A\napiVersion: v1\nmetadata:\n  name: {{ .Values.name }}\n  labels: {{- include "l" . }}\n',
      /^a\.yaml:\d+:\d+: .*this looks like a template: give what it renders to/,
    ],
    ["an object without a name", "kind: A\napiVersion: v1\nmetadata: {}\n", /^a\.yaml:1:1: not a Kubernetes object: metadata\.name/],
  ];
  it.each(refusals)("refuses %s", (_, text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "invalid-manifest", message: expect.stringMatching(message) }));
  });
});
