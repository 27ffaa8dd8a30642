import { describe, expect, it } from "vitest";
import { parseMesh } from "./parse-mesh.ts";

const HEAD = "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\n";
const parse = (text: string) => parseMesh([{ path: "mesh.yaml", text: HEAD + text }]);

describe("parseMesh", () => {
  it("fills in every default", () => {
    const mesh = parse(
      "services: [{ name: cart }]\nvirtualClusters: [{ name: pr-42, members: [{ service: cart }] }]\nexternalHosts: [{ host: example.org }]\n",
    );
    expect(mesh).toEqual({
      clusterDomain: "cluster.local",
      services: [
        {
          name: "cart",
          namespace: "default",
          hosts: [],
          gateways: [],
          ports: [{ number: 80, protocol: "http" }],
          selector: { app: "cart" },
          baselineVersion: "default",
        },
      ],
      externalHosts: [{ host: "example.org", port: 80 }],
      virtualClusters: [{ name: "pr-42", members: [{ service: "cart", namespace: "default", replicas: 1, env: {} }] }],
    });
  });

  it("keeps everything that a mesh file can say", () => {
    const mesh = parse(`
clusterDomain: k8s.example
services:
  - name: cart
    namespace: shop
    hosts: [cart.example.org]
    gateways: [public, edge/public]
    ports: [{ number: 8080, name: web, targetPort: 3000, protocol: http2 }, { number: 5432, protocol: tcp }]
    selector: { app.kubernetes.io/name: cart, tier: "" }
    baselineVersion: stable
virtualClusters:
  - name: pr-42
    owner: ada
    description: faster
    expires: 2030-01-31T18:00:00+01:00
    members:
      - service: shop/cart
        image: cart:42
        replicas: 0
        env: { LEVEL: debug }
        overrides: { spec: { paused: true, minReadySeconds: 5, list: [1, null, { a: b }] } }
`);
    expect(mesh.clusterDomain).toBe("k8s.example");
    expect(mesh.services).toEqual([
      {
        name: "cart",
        namespace: "shop",
        hosts: ["cart.example.org"],
        gateways: ["public", "edge/public"],
        ports: [
          { number: 8080, name: "web", targetPort: 3000, protocol: "http2" },
          { number: 5432, protocol: "tcp" },
        ],
        selector: { "app.kubernetes.io/name": "cart", tier: "" },
        baselineVersion: "stable",
      },
    ]);
    expect(mesh.virtualClusters).toEqual([
      {
        name: "pr-42",
        owner: "ada",
        description: "faster",
        expires: "2030-01-31T18:00:00+01:00",
        members: [
          {
            namespace: "shop",
            service: "cart",
            image: "cart:42",
            replicas: 0,
            env: { LEVEL: "debug" },
            overrides: { spec: { paused: true, minReadySeconds: 5, list: [1, null, { a: "b" }] } },
          },
        ],
      },
    ]);
  });

  it("reads a mesh that says no more than what it is", () => {
    expect(parse("")).toEqual({ clusterDomain: "cluster.local", services: [], externalHosts: [], virtualClusters: [] });
  });

  it("finds a member's service by its name alone where one namespace has it, and by namespace and name anywhere", () => {
    const mesh = parse(`
services: [{ name: cart, namespace: a }, { name: web, namespace: a }, { name: web, namespace: b }]
virtualClusters: [{ name: vc, members: [{ service: cart }, { service: b/web }] }]
`);
    expect(mesh.virtualClusters[0]?.members.map(({ namespace, service }) => `${namespace}/${service}`)).toEqual(["a/cart", "b/web"]);
  });

  it("merges files and documents, whatever their order", () => {
    const sources = [
      { path: "cart.yaml", text: `${HEAD}services: [{ name: cart }]\nexternalHosts: [{ host: pay.example, port: 80 }]\n` },
      {
        path: "web.yaml",
        text: `${HEAD}services: [{ name: web }, { name: api }]\nexternalHosts: [{ host: pay.example }, { host: a.example }]\n`,
      },
      {
        path: "virtual-clusters.yaml",
        text: `${HEAD}virtualClusters: [{ name: b, members: [{ service: web }, { service: cart }] }]\n---\n${HEAD}virtualClusters: [{ name: a }]\n---\n`,
      },
    ];
    const mesh = parseMesh(sources);
    expect(mesh.services.map(({ name }) => name)).toEqual(["api", "cart", "web"]);
    expect(mesh.externalHosts.map(({ host }) => host)).toEqual(["a.example", "pay.example"]);
    expect(mesh.virtualClusters.map(({ name, members }) => [name, members.map(({ service }) => service)])).toEqual([
      ["a", []],
      ["b", ["cart", "web"]],
    ]);
    expect(parseMesh(sources.toReversed())).toEqual(mesh);
  });

  it("reads JSON, since JSON is YAML", () => {
    const text = JSON.stringify({ apiVersion: "puggle.dev/v1alpha1", kind: "Mesh", services: [{ name: "cart" }] });
    expect(parseMesh([{ path: "mesh.json", text }]).services.map(({ name }) => name)).toEqual(["cart"]);
  });

  it("follows aliases", () => {
    const mesh = parse(`
services: [{ name: cart }, { name: web }]
virtualClusters:
  - name: vc
    members:
      - { service: cart, env: &debug { LEVEL: debug } }
      - { service: web, env: *debug }
`);
    expect(mesh.virtualClusters[0]?.members.map(({ env }) => env)).toEqual([{ LEVEL: "debug" }, { LEVEL: "debug" }]);
  });

  it("reads YAML 1.2 even where a document asks for 1.1, so that `no` stays a word", () => {
    const text = `%YAML 1.1\n---\n${HEAD}services: [{ name: cart }]\nvirtualClusters: [{ name: vc, owner: no }]\n`;
    expect(parseMesh([{ path: "mesh.yaml", text }]).virtualClusters[0]?.owner).toBe("no");
  });

  it("reads a mesh of 1,000 services, 1,000 virtual clusters and 10,000 members from one file with room to spare", () => {
    const services = Array.from(
      { length: 1000 },
      (_, index) => `  - { name: service-${index}, namespace: team-${index % 20}, ports: [{ number: 8080 }] }\n`,
    );
    const clusters = Array.from({ length: 1000 }, (_, index) => {
      const members = Array.from(
        { length: 10 },
        (_, member) =>
          `      - service: service-${(index * 7 + member * 13) % 1000}\n        image: registry.example.com/team/service:pr-${index}\n`,
      );
      return `  - name: pr-${index}\n    owner: team-${index % 20}\n    members:\n${members.join("")}`;
    });
    const before = process.cpuUsage();
    const mesh = parse(`services:\n${services.join("")}virtualClusters:\n${clusters.join("")}`);
    const { user, system } = process.cpuUsage(before);
    expect(mesh.virtualClusters.flatMap(({ members }) => members)).toHaveLength(10_000);
    expect((user + system) / 1e6).toBeLessThan(4);
  });
});
