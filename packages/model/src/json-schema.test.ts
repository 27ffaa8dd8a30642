import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isDnsLabel, isVirtualClusterName } from "./grammar.ts";
import { meshFileJsonSchema } from "./json-schema.ts";
import { meshFileSchema } from "./schema.ts";

const committed: unknown = JSON.parse(readFileSync(new URL("../mesh-file.schema.json", import.meta.url), "utf8"));
const isValidForEditors = new Ajv2020({ validateFormats: false, strict: true }).compile(meshFileJsonSchema());

const MESH = { apiVersion: "puggle.dev/v1alpha1", kind: "Mesh" };
const service = (parts: object) => ({ ...MESH, services: [{ name: "web", ...parts }] });
const virtualCluster = (parts: object) => ({ ...MESH, virtualClusters: [{ name: "vc", ...parts }] });
const member = (parts: object) => virtualCluster({ members: [{ service: "web", ...parts }] });

describe("mesh-file.schema.json", () => {
  it("is current: `npm run schema -w @puggle/model` writes it", () => {
    expect(committed).toEqual(meshFileJsonSchema());
  });

  it.each<[boolean, string, unknown]>([
    [true, "nothing but a head", MESH],
    [true, "a reference to itself", { $schema: "./mesh-file.schema.json", ...MESH }],
    [true, "a service", service({})],
    [
      true,
      "a whole service",
      service({ namespace: "a", hosts: ["a.b", "shop.example.org"], gateways: ["x/y"], selector: { "a/b": "c" }, baselineVersion: "1.0" }),
    ],
    [true, "ports", service({ ports: [{ number: 1 }, { number: 2, name: "b", targetPort: 65_535, protocol: "grpc" }] })],
    [true, "a virtual cluster", virtualCluster({ owner: "ada", description: "", expires: "2030-01-31T18:00:00Z" })],
    [true, "a member", member({ image: "a:b", replicas: 0, env: { A: "" }, overrides: { spec: [null, 1, { a: true }] } })],
    [true, "an external host", { ...MESH, externalHosts: [{ host: "a.b", port: 443 }] }],
    [false, "nothing", {}],
    [false, "a list", []],
    [false, "null", null],
    [false, "another version", { ...MESH, apiVersion: "puggle.dev/v2" }],
    [false, "another kind", { ...MESH, kind: "mesh" }],
    [false, "an unknown key", { ...MESH, service: [] }],
    [false, "a service without a name", { ...MESH, services: [{}] }],
    [false, "an unknown key in a service", service({ host: "a" })],
    [false, "no ports", service({ ports: [] })],
    [false, "a port's name as a number", service({ ports: [{ number: "80" }] })],
    [false, "half a port", service({ ports: [{ number: 1.5 }] })],
    [false, "a port out of range", service({ ports: [{ number: 65_536 }] })],
    [false, "an unknown protocol", service({ ports: [{ number: 1, protocol: "udp" }] })],
    [false, "a host without a dot", service({ hosts: ["cart"] })],
    [false, "a host with a blank", service({ hosts: ["a b"] })],
    [false, "a host that is too long", service({ hosts: [`${"a.".repeat(126)}aa`] })],
    [false, "a gateway with two slashes", service({ gateways: ["a/b/c"] })],
    [false, "a label's key with a blank", service({ selector: { "a b": "c" } })],
    [false, "a label of Puggle's own in a selector", service({ selector: { "puggle.dev/virtual-cluster": "c" } })],
    [true, "a label under a domain of Puggle's name", service({ selector: { "not-puggle.dev/a": "c", "puggle.dev": "c" } })],
    [false, "a label's value with a blank", service({ selector: { a: "b c" } })],
    [false, "a service's name over 55 characters", service({ name: "a".repeat(56) })],
    [false, "the virtual cluster called default", virtualCluster({ name: "default" })],
    [false, "an expiry that is no time", virtualCluster({ expires: "2030-01-31" })],
    [false, "an owner without a name", virtualCluster({ owner: "" })],
    [false, "a member of nothing", virtualCluster({ members: [{}] })],
    [false, "too many replicas", member({ replicas: 101 })],
    [false, "a number in an environment", member({ env: { A: 1 } })],
    [false, "a variable that begins with a digit", member({ env: { "1A": "" } })],
    [false, "overrides that are a list", member({ overrides: [] })],
    [false, "an external host without a host", { ...MESH, externalHosts: [{ port: 80 }] }],
  ])("judges as the loader does (%s): %s", (isValid, _what, document) => {
    expect({ editor: isValidForEditors(document), loader: meshFileSchema.safeParse(document).success }).toEqual({
      editor: isValid,
      loader: isValid,
    });
  });

  const label = fc.oneof(
    fc.string({ maxLength: 70 }),
    fc.stringMatching(/^[a-z0-9-]{0,70}$/),
    fc.constantFrom("default", "defaults", "default-", "a", "", "a\n"),
  );
  it("says of every name what the grammar says", () => {
    fc.assert(
      fc.property(label, (name) => {
        const judges = [isValidForEditors, (document: unknown) => meshFileSchema.safeParse(document).success];
        for (const isValid of judges) {
          expect(isValid(virtualCluster({ name }))).toBe(isVirtualClusterName(name));
          expect(isValid(service({ namespace: name }))).toBe(isDnsLabel(name));
          expect(isValid(service({ name }))).toBe(isDnsLabel(name) && name.length <= 55 && /^[a-z]/.test(name));
        }
      }),
    );
  });
});
