import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { describeRouting, generateIstio, type IstioOptions } from "./generate.ts";

function meshOf(members: number, service = "{ name: cart, namespace: shop }") {
  const clusters = Array.from({ length: members }, (_, index) => `  - { name: pr-${index}, members: [{ service: cart, image: i }] }`);
  const text = `apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [${service}]\nvirtualClusters:\n${clusters.join("\n")}\n`;
  return parseMesh([{ path: "mesh.yaml", text }]);
}

function virtualService(http: readonly object[], hosts = ["cart"]): KubernetesResource {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "people", namespace: "shop" },
    spec: { hosts, http },
  };
}

const TO_CART = [{ destination: { host: "cart" } }];
const ELSEWHERE = [{ destination: { host: "stock" } }];

function plan(members: number, options: IstioOptions = {}, service?: string) {
  const [only] = describeRouting(meshOf(members, service), options);
  return only;
}

describe("the routing mode of a service", () => {
  it.each([
    ["a few members", plan(3), "copy"],
    ["many", plan(50), "matcher"],
    ["a few, and somebody's VirtualService", plan(3, { manifests: [virtualService([{ route: TO_CART }])] }), "matcher"],
    ["somebody's VirtualService for another host", plan(3, { manifests: [virtualService([{ route: ELSEWHERE }], ["web"])] }), "copy"],
    ["many, and copy asked for", plan(50, { routing: "copy" }), "copy"],
    ["a few, and matcher asked for", plan(3, { routing: "matcher" }), "matcher"],
    ["many, with hosts of its own", plan(50, {}, "{ name: cart, namespace: shop, hosts: [cart.example] }"), "copy"],
  ])("with %s", (_, routing, mode) => {
    expect(routing?.mode).toBe(mode);
    expect(routing?.why).toMatch(/^(it|the mesh file|VirtualService shop\/people) /);
  });

  it("leaves somebody's VirtualService as it is, and writes none beside it", () => {
    const generated = generateIstio(meshOf(1), { manifests: [virtualService([{ route: TO_CART }])] });
    expect(generated.map(({ kind }) => kind).sort()).toEqual([
      "Deployment",
      "DestinationRule",
      "EnvoyFilter",
      "EnvoyFilter",
      "EnvoyFilter",
      "Service",
    ]);
  });

  it.each([
    [
      "divides by weight",
      [
        {
          route: [
            { destination: { host: "cart" }, weight: 90 },
            { destination: { host: "stock" }, weight: 10 },
          ],
        },
      ],
      0,
      "divides requests by weight",
    ],
    [
      "has no name beside one that leads elsewhere",
      [{ match: [{ uri: { prefix: "/stock" } }], route: ELSEWHERE }, { route: TO_CART }],
      1,
      "give it one",
    ],
    [
      "has headers of its own for one of several destinations",
      [
        {
          route: [
            { destination: { host: "cart" }, weight: 100, headers: { request: { set: { "x-team": "cart" } } } },
            { destination: { host: "stock" }, weight: 0 },
          ],
        },
      ],
      0,
      "header changes of its own",
    ],
    [
      "has the name of one that leads elsewhere",
      [
        { name: "a", match: [{ uri: { prefix: "/stock" } }], route: ELSEWHERE },
        { name: "a", route: TO_CART },
      ],
      1,
      "give each its own",
    ],
  ])("names a rule that %s, since it can not lead to members", (_, http, rule, why) => {
    const routing = plan(1, { manifests: [virtualService(http)] });
    expect(routing?.unreached).toEqual([
      { rule: expect.objectContaining({ name: "people", namespace: "shop", rule }), why: expect.stringContaining(why) },
    ]);
  });

  it("has rules lead to members that are told apart by their names", () => {
    const http = [
      { name: "stock", match: [{ uri: { prefix: "/stock" } }], route: ELSEWHERE },
      { name: "cart", route: TO_CART },
    ];
    const manifests = [virtualService(http)];
    expect(plan(1, { manifests })?.unreached).toEqual([]);
    const filter = generateIstio(meshOf(1), { manifests }).find(({ metadata }) => metadata.name === "puggle-cart.shop");
    expect(JSON.stringify(filter)).toContain('"route":{"name":"cart","action":"ROUTE"}');
  });

  it("is copy where somebody's Sidecar tells of it and not of its members, and says so where it can not be", () => {
    const sidecar = {
      apiVersion: "networking.istio.io/v1",
      kind: "Sidecar",
      metadata: { name: "s", namespace: "shop" },
      spec: { egress: [{ hosts: ["./cart.shop.svc.cluster.local"] }] },
    };
    expect(plan(60, { manifests: [sidecar] })).toMatchObject({ mode: "copy", hiddenBy: [] });
    const theirs = virtualService([{ route: TO_CART }]);
    expect(plan(60, { manifests: [sidecar, theirs] })).toMatchObject({ mode: "matcher", hiddenBy: [{ kind: "Sidecar", name: "s" }] });
    const all = { ...sidecar, spec: { egress: [{ hosts: ["./*"] }] } };
    expect(plan(60, { manifests: [all, theirs] })).toMatchObject({ mode: "matcher", hiddenBy: [] });
  });

  it("names the rules that copy leaves on the baseline", () => {
    const routing = plan(1, { manifests: [virtualService([{ route: TO_CART }], ["legacy.example"])], routing: "copy" });
    expect(routing?.unreached).toEqual([
      { rule: expect.objectContaining({ name: "people", rule: 0 }), why: expect.stringContaining("a VirtualService of its own") },
    ]);
  });
});
