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
    const hostsOf = (...names: string[]) => [{ hosts: [...names, "api.payments.example"].map((host) => `*/${host}`) }];
    const ofWeb = hostsOf(
      "cart.shop.svc.cluster.local",
      ...["stock.stock.svc.cluster.local", "stock.internal", "web.shop.svc.cluster.local"],
      ...["cart-members.shop.svc.cluster.local", "web-members.shop.svc.cluster.local"],
    );
    const sorted = (spec: unknown) => JSON.parse(JSON.stringify(spec), (key, value) => (key === "hosts" ? value.toSorted() : value));
    expect(sorted(web?.spec)).toEqual(sorted({ workloadSelector: { labels: { app: "web" } }, egress: ofWeb }));
    expect(sorted(webMembers?.spec)).toEqual(sorted({ workloadSelector: { labels: { "puggle.dev/service": "web" } }, egress: ofWeb }));
    const ofCart = hostsOf("cart.shop.svc.cluster.local", "cart-members.shop.svc.cluster.local");
    expect(sorted(cart?.spec)).toEqual(sorted({ workloadSelector: { labels: { app: "cart" } }, egress: ofCart }));
  });

  it("make sidecars smaller", () => {
    const resources = resourcesOf(MESH);
    const sizeOf = (app: string) => predictSidecarSize(resources, { kind: "sidecar", namespace: "shop", labels: { app } });
    expect(sizeOf("large")).toMatchObject({ clusters: 12, endpoints: 13 });
    expect(sizeOf("web")).toMatchObject({ clusters: 8, endpoints: 8 });
    expect(sizeOf("web").megabytes).toBeLessThan(sizeOf("large").megabytes);
  });

  it("are not written beside one of somebody else's for the same pods", () => {
    const theirs = (labels: string) =>
      `{ apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: { name: s, namespace: shop }, spec: { workloadSelector: { labels: ${labels} }, egress: [{ hosts: ["*/*"] }] } }`;
    expect(() => scopesOf(theirs("{ app: web }"))).toThrow(/^Sidecar shop\/s: says already what the sidecars of shop\/web are told of/);
    expect(scopesOf(theirs("{ app: other }"))).toHaveLength(4);
  });

  const istio = (kind: string, name: string, spec: string, namespace = "shop") =>
    `{ apiVersion: networking.istio.io/v1, kind: ${kind}, metadata: { name: ${name}, namespace: ${namespace} }, spec: ${spec} }\n`;
  const egressOf = (manifests: string, name: string) =>
    JSON.stringify(scopesOf(manifests).find(({ metadata }) => metadata.name === name)?.spec);

  it("tell of the members to which other people's rules lead for what is called, and of the hosts by which they lead there", () => {
    const byPath = istio("VirtualService", "cart", "{ hosts: [cart], http: [{ name: a, route: [{ destination: { host: large } }] }] }");
    expect(egressOf(byPath, "web")).toContain("*/large-members.shop.svc.cluster.local");
    expect(egressOf("", "web")).not.toContain("large-members");
    const byHost = istio("VirtualService", "other", "{ hosts: [cart.internal], http: [{ route: [{ destination: { host: cart } }] }] }");
    expect(egressOf(byHost, "web")).toContain("*/cart.internal");
  });

  it("tell of every host of a ServiceEntry, whatever is spoken there", () => {
    const entry = istio("ServiceEntry", "bank", "{ hosts: [bank.example], ports: [{ number: 443, name: tls, protocol: TLS }] }");
    expect(egressOf(entry, "cart")).toContain("*/bank.example");
  });

  it("keep what a Sidecar for the whole namespace, or else mesh, says of anything but calls", () => {
    const strict = '{ egress: [{ hosts: ["*/*"] }], outboundTrafficPolicy: { mode: REGISTRY_ONLY } }';
    expect(egressOf(istio("Sidecar", "default", strict), "web")).toContain('"outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"}');
    expect(egressOf(istio("Sidecar", "default", strict, "istio-system"), "web")).toContain("REGISTRY_ONLY");
    expect(egressOf(istio("Sidecar", "default", strict, "stock"), "web")).not.toContain("REGISTRY_ONLY");
  });

  it("are not written where another Sidecar is for the same pods by other labels, or two services are the same pods", () => {
    const deployment =
      "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web, namespace: shop }, spec: { template: { metadata: { labels: { app: web, tier: front } }, spec: { containers: [{ name: web, image: i }] } } } }\n";
    const theirs = istio("Sidecar", "front", '{ workloadSelector: { labels: { tier: front } }, egress: [{ hosts: ["*/*"] }] }');
    expect(() => scopesOf(`${deployment}---\n${theirs}`)).toThrow(/^Sidecar shop\/front: says already/);
    const twins = parseMesh([
      {
        path: "mesh.yaml",
        text: "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [{ name: web, calls: [] }, { name: admin, selector: { app: web }, calls: [web] }]\n",
      },
    ]);
    expect(() => generateIstio(twins)).toThrow(/are the same pods by their labels, and both say what they call/);
  });
});
