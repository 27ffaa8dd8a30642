import { describe, expect, it } from "vitest";
import { MeshFileError } from "./mesh-file-error.ts";
import { parseMesh } from "./parse-mesh.ts";
import { MESH_FILE_MAX_BYTES, type MeshSource } from "./source-text.ts";

const HEAD = "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\n";

/** What is printed for a text, one problem a line. */
function refusalOf(text: string): string[] {
  return refusalOfAll([{ path: "m.yaml", text }]);
}

function refusalOfAll(sources: readonly MeshSource[]): string[] {
  try {
    parseMesh(sources);
  } catch (error) {
    if (error instanceof MeshFileError) return error.message.split("\n");
    throw error;
  }
  return [];
}

const BEGIN = "begin it with 'apiVersion: puggle.dev/v1alpha1' and 'kind: Mesh', or remove it";

describe("a text that is no mesh file is refused", () => {
  it.each<[string, string, string[]]>([
    ["an empty file", "", [`m.yaml:1:1: the file is empty; ${BEGIN}`]],
    ["a file of blanks", "\n  \n", [`m.yaml:1:1: the file is empty; ${BEGIN}`]],
    ["a file with only comments", "# nothing yet\n", [`m.yaml:1:1: the file holds nothing but comments; ${BEGIN}`]],
    ["an empty document", "---\n", [`m.yaml:1:1: the file holds nothing but comments; ${BEGIN}`]],
    ["a list", "- a\n", ["m.yaml:1:1: a mesh file must be a map, not a list"]],
    ["prose", "hello there\n", ['m.yaml:1:1: a mesh file must be a map, not the string "hello there"']],
    [
      "another kind of resource, whose other keys are not judged",
      "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: {}\n",
      [
        "m.yaml:1:13: 'apiVersion' is \"v1\"; a mesh file says 'puggle.dev/v1alpha1'",
        "m.yaml:2:7: 'kind' is \"Service\"; a mesh file says 'Mesh'",
      ],
    ],
    [
      "a map that does not say what it is",
      "services: []\n",
      ["m.yaml:1:1: a mesh file has no 'apiVersion'; add it", "m.yaml:1:1: a mesh file has no 'kind'; add it"],
    ],
    [
      "an unclosed quote",
      'a: "b\n',
      ["m.yaml:2:1: not valid YAML: Missing closing \"quote; close the quote or bracket, or add the missing ':' or ','"],
    ],
    ["a tab", "a:\n\tb: 1\n", ["m.yaml:2:1: not valid YAML: Tabs are not allowed as indentation; indent with spaces"]],
    [
      "a value with a colon",
      "a: b: c\n",
      [
        "m.yaml:1:4: not valid YAML: Nested mappings are not allowed in compact mappings; put a value that holds ': ' in quotes, or begin a new line",
      ],
    ],
    [
      "an unclosed bracket",
      `${HEAD}services: [{ name: web }\n`,
      [
        "m.yaml:4:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; close the bracket before it, or line it up with its neighbours",
      ],
    ],
    ["a tag", "a: !secret b\n", ["m.yaml:1:4: not plain YAML: Unresolved tag: !secret; remove the tag"]],
    [
      "a duplicate key",
      `${HEAD}services: []\nservices: []\n`,
      ["m.yaml:4:1: the key 'services' is already at m.yaml:3:1; keep one of them"],
    ],
    ["a key that is a list", "? [a]\n: b\n", ["m.yaml:1:3: not valid YAML: With stringKeys, all keys must be strings"]],
    ["a key that would reach an object's prototype", "__proto__: {}\n", ["m.yaml:1:1: a key can not be called '__proto__'; rename it"]],
    ["an alias of nothing", "a: *b\n", ["m.yaml:1:4: no anchor '&b' is complete before this alias; write the value out"]],
    ["an alias inside its own anchor", "a: &b [*b]\n", ["m.yaml:1:8: no anchor '&b' is complete before this alias; write the value out"]],
    [
      "binary",
      "\u007fELF\u0002\u0001",
      [
        "m.yaml:1:1: the file holds the character U+007F, which YAML text can not hold; save it as UTF-8 text, or write the character as an escape in double quotes",
      ],
    ],
    [
      "a NUL far down",
      `${HEAD}# \0\n`,
      [
        "m.yaml:3:3: the file holds the character U+0000, which YAML text can not hold; save it as UTF-8 text, or write the character as an escape in double quotes",
      ],
    ],
  ])("%s", (_what, text, expected) => {
    expect(refusalOf(text)).toEqual(expected);
  });

  it("an alias bomb, at once", () => {
    const lines = Array.from({ length: 12 }, (_, level) => {
      const items = level === 0 ? "x, x, x, x, x, x, x, x, x" : Array.from({ length: 9 }, () => `*a${level - 1}`).join(", ");
      return `a${level}: &a${level} [${items}]\n`;
    });
    expect(refusalOf(HEAD + lines.join(""))).toEqual([
      "m.yaml:8:20: the aliases stand for more than 250000 values; write the values out, or leave them to the baseline",
    ]);
  });

  it.each([
    ["brackets", "[".repeat(MESH_FILE_MAX_BYTES), "m.yaml:1:201: the nesting is too deep to read; flatten it"],
    ["dashes", "- ".repeat(10_000), "m.yaml:1:400: the nesting is too deep to read; flatten it"],
    ["a tower of a hundred lists", `a: ${"[".repeat(100)}${"]".repeat(100)}\n`, "m.yaml:1:68: more than 64 levels of nesting; flatten it"],
    [
      "a tower built of aliases",
      `a: &a ${"[".repeat(40)}${"]".repeat(40)}\nb: ${"[".repeat(30)}*a${"]".repeat(30)}\n`,
      "m.yaml:2:34: more than 64 levels of nesting; flatten it",
    ],
  ])("deep nesting: %s", (_what, text, expected) => {
    expect(refusalOf(text)).toEqual([expected]);
  });

  it("a file of 10 MB, before it is parsed", () => {
    const text = `${HEAD}services:\n${"  - { name: web }\n".repeat(600_000)}`;
    expect(text.length).toBeGreaterThan(10_000_000);
    const start = performance.now();
    expect(refusalOf(text)).toEqual([
      "m.yaml:1:1: the file is larger than 5 MiB, the most that is read; split it into several files in one folder, and give the folder's name",
    ]);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it("a file of 100,000 unknown keys, in time that grows with its size only", () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `key${index}: x\n`);
    const lines = refusalOf(HEAD + keys.join(""));
    expect(lines).toHaveLength(101);
    expect(lines[0]).toMatch(/^m\.yaml:3:1: unknown key 'key0' in a mesh file; it has apiVersion, kind, /);
    expect(lines[100]).toBe("and 99900 more problems");
  });
});

describe("a value that does not follow the schema is refused where it stands", () => {
  const service = (line: string) => `services:\n  - name: web\n    ${line}\n`;
  const member = (line: string) =>
    `services: [{ name: web }]\nvirtualClusters:\n  - name: vc\n    members:\n      - service: web\n        ${line}\n`;

  it.each<[string, string, string[]]>([
    ["an unknown key", "service: []\n", ["m.yaml:3:1: unknown key 'service' in a mesh file; did you mean 'services'?"]],
    [
      "an unknown key that resembles none",
      service("colour: red"),
      ["m.yaml:5:5: unknown key 'colour' in a service; it has name, namespace, hosts, gateways, ports, selector, calls, baselineVersion"],
    ],
    [
      "an unknown key in a port",
      service("ports: [{ numbr: 80, number: 80 }]"),
      ["m.yaml:5:15: unknown key 'numbr' in a port; did you mean 'number'?"],
    ],
    ["an unknown key in a member", member("imgae: web:1"), ["m.yaml:8:9: unknown key 'imgae' in a member; did you mean 'image'?"]],
    ["a merge key", member("<<: {}"), ["m.yaml:8:9: unknown key '<<' in a member; YAML 1.2 has no merge keys: write the keys out"]],
    ["a missing key", "services:\n  - namespace: shop\n", ["m.yaml:4:5: a service has no 'name'; add it"]],
    ["a key without a value", "services:\n", ["m.yaml:3:1: 'services' must be a list, not nothing; give it a value, or remove the key"]],
    ["a map where a list belongs", "services: { name: web }\n", ["m.yaml:3:11: 'services' must be a list, not a map"]],
    ["a string where a map belongs", "services: [web]\n", ["m.yaml:3:12: an entry of 'services' must be a map, not the string \"web\""]],
    [
      "a number where a name belongs",
      "services: [{ name: 42 }]\n",
      ["m.yaml:3:20: 'name' must be a string, not the number 42; put it in quotes"],
    ],
    [
      "a quoted number",
      service('ports: [{ number: "80" }]'),
      ["m.yaml:5:23: 'number' must be a number, not the string \"80\"; write it without quotes: 80"],
    ],
    [
      "a bare number in an environment",
      member("env: { PORT: 8080 }"),
      ["m.yaml:8:22: 'PORT' must be a string, not the number 8080; put it in quotes"],
    ],
    ["a bare boolean in an environment", member("env: { ON: true }"), ["m.yaml:8:20: 'ON' must be a string, not true; put it in quotes"]],
    ["a port too high", service("ports: [{ number: 65536 }]"), ["m.yaml:5:23: 'number' must be at most 65535, not 65536"]],
    ["a port too low", service("ports: [{ number: 0 }]"), ["m.yaml:5:23: 'number' must be at least 1, not 0"]],
    ["half a replica", member("replicas: 0.5"), ["m.yaml:8:19: 'replicas' must be a whole number, not the number 0.5"]],
    ["no ports", service("ports: []"), ["m.yaml:5:12: 'ports' must not be empty"]],
    [
      "an unknown protocol",
      service("ports: [{ number: 80, protocol: htp }]"),
      ["m.yaml:5:37: 'protocol' can not be \"htp\"; did you mean 'http'? (one of http, http2, grpc, tcp)"],
    ],
    [
      "a protocol that resembles none",
      service("ports: [{ number: 80, protocol: quic }]"),
      ["m.yaml:5:37: 'protocol' can not be \"quic\"; use one of http, http2, grpc, tcp"],
    ],
    [
      "a service's name that is no DNS label",
      "services: [{ name: Web_1 }]\n",
      ["m.yaml:3:20: 'name' is \"Web_1\", but must be a DNS label that begins with a letter: a-z, 0-9 and '-', not ending with '-'"],
    ],
    [
      "a service's name that begins with a digit, as no Kubernetes Service's may",
      "services: [{ name: 2web }]\n",
      ["m.yaml:3:20: 'name' is \"2web\", but must be a DNS label that begins with a letter: a-z, 0-9 and '-', not ending with '-'"],
    ],
    [
      "a service's name that leaves no room",
      `services: [{ name: ${"a".repeat(56)} }]\n`,
      [
        `m.yaml:3:20: 'name' is "${"a".repeat(56)}", but must have at most 55 characters, since its members' Service is called <service>-members`,
      ],
    ],
    ["an empty image", member('image: ""'), ["m.yaml:8:16: 'image' must not be empty"]],
    [
      "a host with a port",
      service("hosts: [web.example:80]"),
      [
        "m.yaml:5:13: an entry of 'hosts' is \"web.example:80\", but must be a DNS name in lower case with at least one dot and without a port: a bare name means the Service of that name",
      ],
    ],
    [
      "a host that is the bare name of a service, which a VirtualService would take over",
      "services: [{ name: aaa, hosts: [cart] }, { name: cart }]\n",
      [
        "m.yaml:3:33: an entry of 'hosts' is \"cart\", but must be a DNS name in lower case with at least one dot and without a port: a bare name means the Service of that name",
      ],
    ],
    [
      "a selector of Puggle's own labels",
      service("selector: { app: web, puggle.dev/virtual-cluster: pr-42 }"),
      [
        "m.yaml:5:27: the key \"puggle.dev/virtual-cluster\" must not begin with 'puggle.dev/': such labels select members, not the baseline",
      ],
    ],
    ["a label's key with a blank", service('selector: { "a b": c }'), ['m.yaml:5:17: the key "a b" must be a label key']],
    ["an environment variable's name", member("env: { 1A: x }"), ['m.yaml:8:16: the key "1A" must be the name of an environment variable']],
    [
      "a number that JSON can not say",
      member("overrides: { spec: { a: .inf } }"),
      ["m.yaml:8:28: 'spec' holds .inf or .nan, which JSON can not say"],
    ],
    ...["default", "Vc", "-vc", "vc.", "", "a".repeat(64)].map((name): [string, string, string[]] => [
      `a virtual cluster called ${JSON.stringify(name)}`,
      `virtualClusters: [{ name: "${name}" }]\n`,
      [
        `m.yaml:3:27: 'name' is "${name}", but must be a DNS label (1 to 63 of a-z, 0-9 and '-', not beginning or ending with '-') and not 'default'`,
      ],
    ]),
    ...["tomorrow", "2030-02-30T00:00:00Z", "2030-01-31", "2030-01-31T18:00Z"].map((time): [string, string, string[]] => [
      `an expiry of ${time}`,
      `virtualClusters: [{ name: vc, expires: "${time}" }]\n`,
      [`m.yaml:3:40: 'expires' is "${time}", but must be an RFC 3339 time such as 2030-01-31T18:00:00Z`],
    ]),
  ])("%s", (_what, text, expected) => {
    expect(refusalOf(HEAD + text)).toEqual(expected);
  });

  it("cuts a long value short", () => {
    const [line] = refusalOf(`${HEAD}services: [{ name: ${"A".repeat(5000)} }]\n`);
    expect(line).toMatch(/^m\.yaml:3:20: 'name' is "A{79}\.\.\. \(5000 characters\), but must /);
  });
});

describe("all problems are told at once", () => {
  it("sorted by place", () => {
    expect(
      refusalOf(`${HEAD}virtualClusters: [{ nam: vc }]\nservices:\n  - { name: web, ports: [{ number: no }] }\n  - nmae: web\n`),
    ).toEqual([
      "m.yaml:3:19: a virtual cluster has no 'name'; add it",
      "m.yaml:3:21: unknown key 'nam' in a virtual cluster; did you mean 'name'?",
      "m.yaml:5:36: 'number' must be a number, not the string \"no\"",
      "m.yaml:6:5: a service has no 'name'; add it",
      "m.yaml:6:5: unknown key 'nmae' in a service; did you mean 'name'?",
    ]);
  });

  it("of all files, those of broken files included, without guessing at services that a broken file may hold", () => {
    const sources = [
      {
        path: "b.yaml",
        text: `${HEAD}services: [{ name: web }, { name: web }]\nvirtualClusters: [{ name: vc, members: [{ service: cart }] }]\n`,
      },
      { path: "a.yaml", text: "services: [" },
      { path: "c.yaml", text: "" },
    ];
    expect(refusalOfAll(sources)).toEqual([
      "a.yaml:1:12: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; close the bracket before it, or line it up with its neighbours",
      "b.yaml:3:35: the service 'default/web' is already at b.yaml:3:20; keep one of them, or say another namespace",
      `c.yaml:1:1: the file is empty; ${BEGIN}`,
    ]);
  });

  it("without guessing at services that a misspelt key may hold", () => {
    expect(refusalOf(`${HEAD}servces: [{ name: cart }]\nvirtualClusters: [{ name: vc, members: [{ service: cart }] }]\n`)).toEqual([
      "m.yaml:3:1: unknown key 'servces' in a mesh file; did you mean 'services'?",
    ]);
    expect(
      refusalOf(`${HEAD}services: []\nvirtualClusters: [{ name: vc, ownr: ada }, { name: w, members: [{ service: cart }] }]\n`),
    ).toEqual([
      "m.yaml:4:31: unknown key 'ownr' in a virtual cluster; did you mean 'owner'?",
      "m.yaml:4:76: no service is called 'cart'; declare it under 'services'",
    ]);
  });

  it("with stable codes", () => {
    try {
      parseMesh([{ path: "m.yaml", text: `${HEAD}service: []\n` }]);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof MeshFileError)) throw error;
      expect(error.code).toBe("invalid-mesh-file");
      expect(error.name).toBe("MeshFileError");
      expect(error.problems).toEqual([
        {
          path: "m.yaml",
          line: 3,
          column: 1,
          code: "unknown-key",
          message: "unknown key 'service' in a mesh file",
          fix: "did you mean 'services'?",
        },
      ]);
    }
  });
});
