import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import { resourcesOf } from "../baselines.ts";
import { parseManifests } from "../kubernetes/manifests.ts";
import { predictSidecarSize } from "../routing/sidecar-size.ts";
import { generateIstio } from "./generate.ts";

const MESH = parseMesh([
  {
    path: "mesh.yaml",
    text: `
apiVersion: puggle.dev/v1alpha1
kind: Mesh
services:
  - { name: web, namespace: shop, calls: [cart, stock/stock] }
  - { name: cart, namespace: shop, calls: [] }
  - { name: stock, namespace: stock, hosts: [stock.internal] }
  - { name: large, namespace: shop }
externalHosts: [{ host: api.payments.example }]
virtualClusters:
  - { name: pr-1, members: [{ service: cart, image: i }, { service: web, image: i }, { service: large, image: i }] }
  - { name: pr-2, members: [{ service: large, image: i }] }
`,
  },
]);

const scopesOf = (manifests = "") =>
  generateIstio(MESH, { manifests: parseManifests([{ path: "m.yaml", text: manifests }]) }).filter(({ kind }) => kind === "Sidecar");

describe("the Sidecars of services whose calls are known", () => {
  it("tell of what is called, its members, its further hosts and hosts outside, and nothing else", () => {
    const [cart, cartMembers, web, webMembers, ...more] = scopesOf();
    expect(more).toEqual([]);
    expect([cart, cartMembers, web, webMembers].map((one) => one?.metadata.name)).toEqual(["cart", "cart-members", "web", "web-members"]);
    const hosts = [
      "cart.shop.svc.cluster.local",
      "cart-members.shop.svc.cluster.local",
      "stock.stock.svc.cluster.local",
      "stock.internal",
      "api.payments.example",
    ];
    const egress = [{ hosts: hosts.map((host) => `*/${host}`) }];
    expect(web?.spec).toEqual({ workloadSelector: { labels: { app: "web" } }, egress });
    expect(webMembers?.spec).toEqual({ workloadSelector: { labels: { "puggle.dev/service": "web" } }, egress });
    expect(cart?.spec).toEqual({ workloadSelector: { labels: { app: "cart" } }, egress: [{ hosts: ["*/api.payments.example"] }] });
  });

  it("make sidecars smaller", () => {
    const resources = resourcesOf(MESH);
    const sizeOf = (app: string) => predictSidecarSize(resources, { kind: "sidecar", namespace: "shop", labels: { app } });
    expect(sizeOf("large")).toMatchObject({ clusters: 12, endpoints: 13 });
    expect(sizeOf("web")).toMatchObject({ clusters: 5, endpoints: 5 });
    expect(sizeOf("web").megabytes).toBeLessThan(sizeOf("large").megabytes);
  });

  it("are not written beside one of somebody else's for the same pods", () => {
    const theirs = (labels: string) =>
      `{ apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: { name: s, namespace: shop }, spec: { workloadSelector: { labels: ${labels} }, egress: [{ hosts: ["*/*"] }] } }`;
    expect(() => scopesOf(theirs("{ app: web }"))).toThrow(/^Sidecar shop\/s: says already what the sidecars of shop\/web are told of/);
    expect(scopesOf(theirs("{ app: other }"))).toHaveLength(4);
  });
});
