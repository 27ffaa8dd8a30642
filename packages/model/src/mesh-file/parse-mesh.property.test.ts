import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Member, Mesh } from "../schema.ts";
import { MeshFileError } from "./mesh-file-error.ts";
import { parseMesh } from "./parse-mesh.ts";

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).filter((name) => name !== "default" && name !== "members");
// The control characters and half surrogates that YAML text can not hold are the business of other tests.
const text = fc.string({ unit: "binary", maxLength: 12 }).map((value) => value.replaceAll(/[\p{Cc}\p{Cs}]/gu, ""));
const number = fc.oneof(
  fc.integer(),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value + 0),
);

type Overrides = NonNullable<Member["overrides"]>;
const { overrides } = fc.letrec<{ json: Overrides[string]; overrides: Overrides }>((tie) => ({
  json: fc.oneof({ maxDepth: 3 }, text, number, fc.boolean(), fc.constant(null), fc.array(tie("json"), { maxLength: 3 }), tie("overrides")),
  overrides: fc.dictionary(label, tie("json"), { maxKeys: 3, noNullPrototype: true }),
}));

/** Names without a hyphen keep the names of what is generated apart: `<service>-<virtual cluster>` can be read one way only. */
const validMesh: fc.Arbitrary<Mesh> = fc
  .record({
    clusterDomain: fc.constantFrom("cluster.local", "k8s.example"),
    services: fc.uniqueArray(
      fc.record({
        name: label,
        namespace: fc.constantFrom("a", "b"),
        gateways: fc.array(fc.constantFrom("edge", "istio/edge")),
        ports: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 3 }).chain((numbers) =>
          fc.tuple(
            ...numbers.map((port) =>
              fc.record({
                number: fc.constant(port),
                name: fc.constant(`p${port}`),
                protocol: fc.constantFrom("http", "http2", "grpc", "tcp"),
              }),
            ),
          ),
        ),
        selector: fc.dictionary(label, label, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
        baselineVersion: fc.constantFrom("default", "stable"),
      }),
      { maxLength: 6, selector: ({ namespace, name }) => `${namespace}/${name}` },
    ),
    externalHosts: fc.uniqueArray(fc.record({ host: label, port: fc.integer({ min: 1, max: 65_535 }) }), {
      maxLength: 3,
      selector: ({ host }) => host,
    }),
    clusters: fc.uniqueArray(
      fc.record(
        { name: label, owner: text.filter((owner) => owner !== ""), description: text, expires: fc.constant("2030-01-31T18:00:00Z") },
        { requiredKeys: ["name"] },
      ),
      { maxLength: 4, selector: ({ name }) => name },
    ),
    members: fc.array(
      fc.record(
        {
          image: text.filter((image) => image !== ""),
          replicas: fc.integer({ min: 0, max: 100 }),
          env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,6}$/), text, { maxKeys: 3, noNullPrototype: true }),
          overrides,
        },
        { requiredKeys: ["replicas", "env"] },
      ),
      { minLength: 24, maxLength: 24 },
    ),
    picks: fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
  })
  .map(({ clusterDomain, services, externalHosts, clusters, members, picks }) => {
    const by =
      <Item>(...keys: ((item: Item) => string)[]) =>
      (a: Item, b: Item) =>
        keys.reduce((order, key) => order || (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0), 0);
    const sortedServices = services
      .map((service, index) => ({ ...service, hosts: [`host${index}.example`] }))
      .toSorted(
        by(
          ({ namespace }) => namespace,
          ({ name }) => name,
        ),
      );
    return {
      clusterDomain,
      services: sortedServices,
      externalHosts: externalHosts.toSorted(by(({ host }) => host)),
      virtualClusters: clusters.toSorted(by(({ name }) => name)).map((cluster, row) => ({
        ...cluster,
        members: sortedServices.flatMap(({ namespace, name }, column) => {
          const cell = row * 6 + column;
          const member = members[cell];
          return picks[cell] && member !== undefined ? [{ namespace, service: name, ...member }] : [];
        }),
      })),
    };
  });

/** A mesh as the object that a mesh file of it holds. */
function toMeshFile({ virtualClusters, ...rest }: Mesh): object {
  const clusters = virtualClusters.map(({ members, ...cluster }) => ({
    ...cluster,
    members: members.map(({ namespace, service, ...member }) => ({ service: `${namespace}/${service}`, ...member })),
  }));
  return { apiVersion: "puggle.dev/v1alpha1", kind: "Mesh", ...rest, virtualClusters: clusters };
}

function parsesOrRefuses(source: string): boolean {
  try {
    parseMesh([{ path: "m.yaml", text: source }]);
    return true;
  } catch (error) {
    if (!(error instanceof MeshFileError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    const lines = source.split("\n");
    for (const { line, column, message } of error.problems) {
      expect(message).not.toBe("");
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 2);
    }
    return false;
  }
}

const meshText = validMesh.map((mesh) => stringify(toMeshFile(mesh)));

describe("parseMesh, for every mesh", () => {
  it("reads back what was printed, as YAML and as JSON", () => {
    fc.assert(
      fc.property(validMesh, (mesh) => {
        const file = toMeshFile(mesh);
        expect(parseMesh([{ path: "m.yaml", text: stringify(file) }])).toEqual(mesh);
        expect(parseMesh([{ path: "m.json", text: JSON.stringify(file) }])).toEqual(mesh);
      }),
      { numRuns: 100 },
    );
  });

  it("reads the same from two files as from one", () => {
    fc.assert(
      fc.property(validMesh, (mesh) => {
        const { services, ...rest } = mesh;
        const sources = [toMeshFile({ ...rest, services: [] }), { apiVersion: "puggle.dev/v1alpha1", kind: "Mesh", services }];
        expect(parseMesh(sources.map((source, index) => ({ path: `${index}.yaml`, text: stringify(source) })))).toEqual(mesh);
      }),
      { numRuns: 50 },
    );
  });
});

describe("parseMesh, for every text, reads it or refuses it with places that exist", () => {
  it("random text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (source) => void parsesOrRefuses(source)),
      { numRuns: 300 },
    );
  });

  it("random text of the characters that YAML cares for", () => {
    const character = fc.constantFrom(..."abc:-?[]{}&*!|>'\"%@`#,<=~ \n\n\t\r01.");
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 100 }), (source) => void parsesOrRefuses(source)),
      { numRuns: 1000 },
    );
  });

  it("a mesh file with a stretch of it replaced", () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.constantFrom("", "\n", "  ", "null", "-1", "{}", "[]", "*a", "&a ", ": ", "- ", "~", "default"),
    );
    let refused = 0;
    fc.assert(
      fc.property(meshText, fc.nat(), fc.nat({ max: 12 }), piece, (source, at, length, replacement) => {
        const start = at % source.length;
        if (!parsesOrRefuses(source.slice(0, start) + replacement + source.slice(start + length))) refused++;
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it("a document of any values", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const head = { apiVersion: "puggle.dev/v1alpha1", kind: "Mesh" };
    const document = fc
      .record(
        {
          services: fc.oneof(value, fc.array(value)),
          virtualClusters: fc.oneof(value, fc.array(value)),
          clusterDomain: value,
          externalHosts: value,
        },
        { requiredKeys: [] },
      )
      .map((parts) => ({ ...head, ...parts }));
    fc.assert(
      fc.property(document, (parts) => void parsesOrRefuses(stringify(parts))),
      { numRuns: 300 },
    );
  });
});
