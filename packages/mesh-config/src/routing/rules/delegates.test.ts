import { describe, expect, it } from "vitest";
import { parseManifests } from "../../kubernetes/manifests.ts";
import { compile } from "../compile.ts";
import { route } from "../route.ts";

const PROXY = { kind: "sidecar", namespace: "shop", labels: {} } as const;
const ROOT = (rule: string) => `kind: VirtualService
metadata: { name: root, namespace: shop }
spec: { hosts: [cart.example], http: [${rule}, { name: rest, directResponse: { status: 404 } }] }`;
const DELEGATE = (spec: string, namespace = "shop") =>
  `kind: VirtualService\nmetadata: { name: team, namespace: ${namespace} }\nspec: ${spec}`;

function compileAll(...texts: readonly string[]) {
  const text = texts.map((one) => `apiVersion: networking.istio.io/v1\n${one}`).join("\n---\n");
  return compile(parseManifests([{ path: "m.yaml", text }]), PROXY);
}

function decide(table: ReturnType<typeof compileAll>, path: string) {
  return route(table, { method: "GET", host: "cart.example", port: 80, path, headers: {} }).route;
}

describe("a rule that delegates", () => {
  const root = ROOT("{ name: items, match: [{ uri: { prefix: /items } }], timeout: 3s, delegate: { name: team } }");
  const answer = (name: string, match: string) => `{ name: ${name}, match: [{ uri: ${match} }], directResponse: { status: 200 } }`;

  it("has the delegate's rules in its place, narrowed by what it asks for itself", () => {
    const table = compileAll(root, DELEGATE(`{ http: [${answer("one", "{ exact: /items/1 }")}, { directResponse: { status: 201 } }] }`));
    expect(decide(table, "/items/1")?.name).toBe("items-one");
    expect(decide(table, "/items/2")?.name).toBe("items");
    expect(decide(table, "/other")?.name).toBe("rest");
  });

  it("says that the delegate decided, by the place of the rule there", () => {
    const table = compileAll(root, DELEGATE(`{ http: [${answer("one", "{ exact: /items/1 }")}] }`));
    expect(decide(table, "/items/1")?.source).toEqual({
      kind: "VirtualService",
      namespace: "shop",
      name: "team",
      rule: 0,
      ruleName: "one",
    });
  });

  it("leaves out a rule of the delegate that asks for what the rule excludes", () => {
    const wider = ["{ prefix: / }", "{ exact: /other }", '{ regex: "/items.*" }'];
    for (const match of wider) {
      const table = compileAll(root, DELEGATE(`{ http: [${answer("one", match)}] }`));
      expect(decide(table, "/items/1")?.name, match).toBe("rest");
    }
  });

  it("lends its timeout to rules that have none", () => {
    const own =
      "{ http: [{ timeout: 5s, match: [{ uri: { exact: /items/1 } }], route: [{ destination: { host: a.example } }] }, { route: [{ destination: { host: a.example } }] }] }";
    const table = compileAll(root, DELEGATE(own));
    expect(decide(table, "/items/1")?.forwarding?.timeoutMs).toBe(5_000);
    expect(decide(table, "/items/2")?.forwarding?.timeoutMs).toBe(3_000);
  });

  it("is left out, and said to be, where the delegate is missing, or not to be seen", () => {
    const elsewhere = ROOT("{ delegate: { name: team, namespace: stock } }");
    const hidden = DELEGATE("{ exportTo: [.], http: [{ directResponse: { status: 200 } }] }", "stock");
    for (const table of [compileAll(elsewhere), compileAll(elsewhere, hidden)]) {
      expect(decide(table, "/")?.name).toBe("rest");
      expect(table.unread.map(({ field, why }) => `${field}: ${why}`)).toEqual([
        expect.stringMatching(/^spec\.http\.0\.delegate: .*stock\/team/),
      ]);
    }
  });
});
