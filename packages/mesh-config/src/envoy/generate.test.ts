import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import { generate } from "../output/files.ts";
import { defaultAddresses } from "./addresses.ts";
import { generateEnvoy } from "./generate.ts";

const mesh = (services: string) =>
  parseMesh([
    {
      path: "mesh.yaml",
      text: `
apiVersion: puggle.dev/v1alpha1
kind: Mesh
services: ${services}
externalHosts: [{ host: api.payments.example }]
virtualClusters: [{ name: vc1, members: [{ service: cart }] }]
`,
    },
  ]);

const SHOP = mesh("[{ name: cart, ports: [{ number: 80, targetPort: 8080 }] }, { name: web, ports: [{ number: 80, targetPort: 8080 }] }]");

describe("the envoy target", () => {
  it("writes a file a workload, and one for the gateway", () => {
    expect(generate(SHOP, "envoy").map(({ path }) => path)).toEqual([
      "envoy/default/cart-vc1.yaml",
      "envoy/default/cart.yaml",
      "envoy/default/web.yaml",
      "envoy/gateway.yaml",
    ]);
  });

  it("stamps the header in members' sidecars only, before every other filter, and only on the way out", () => {
    for (const { path, text } of generate(SHOP, "envoy")) {
      const stamps = text.match(/name: puggle\.dev\.virtual-cluster-stamp/g) ?? [];
      expect(stamps.length, path).toBe(path.includes("-vc1") ? 1 : 0);
    }
  });

  it("takes the header off what goes to external hosts and to hosts that nobody declared, and lets the gateway lead to neither", () => {
    for (const { path, text } of generate(SHOP, "envoy")) {
      const isGateway = path === "envoy/gateway.yaml";
      expect(text.match(/request_headers_to_remove:\n\s+- virtual-cluster-name/g)?.length ?? 0, path).toBe(isGateway ? 0 : 2);
      expect(text.includes("name: allow_any"), path).toBe(!isGateway);
    }
  });

  it("answers 502 for the hosts under an external domain, and takes the header off as for any that is outside", () => {
    const wildcard = generateEnvoy({ ...SHOP, externalHosts: [{ host: "*.partner.example", port: 80 }] });
    expect(JSON.stringify(wildcard[0]?.configuration)).toMatch(
      /"domains":\["\*\.partner\.example"[^[]*\],"request_headers_to_remove":\["virtual-cluster-name"\],"routes":\[\{"name":"default","match":\{"prefix":"\/"\},"direct_response":\{"status":502/,
    );
  });

  it("needs no image of a member: a laptop runs processes", () => {
    expect(() => generate(SHOP, "istio")).toThrow(expect.objectContaining({ code: "image-unknown" }));
    expect(() => generate(SHOP, "envoy")).not.toThrow();
  });

  it("refuses an app that listens where its sidecar has to", () => {
    expect(() => generate(mesh("[{ name: cart }]"), "envoy")).toThrow(
      expect.objectContaining({
        code: "port-conflict",
        message: expect.stringMatching(/service default\/cart: its app listens on port 80.*targetPort/),
      }),
    );
  });

  it("tells workloads of one name in two namespaces apart", () => {
    const { services, ...rest } = SHOP;
    const [, web] = services;
    const twice = web === undefined ? [] : ["a", "b"].map((namespace) => ({ ...web, namespace }));
    const { workloads } = defaultAddresses({ ...rest, services: twice, virtualClusters: [] });
    expect(workloads.map(({ host }) => host)).toEqual(["web.a", "web.b"]);
  });

  it("names the workload whose address is missing", () => {
    const { workloads } = defaultAddresses(SHOP);
    const addresses = { workloads: workloads.filter(({ virtualCluster }) => virtualCluster === undefined) };
    expect(() => generateEnvoy(SHOP, { addresses })).toThrow(
      expect.objectContaining({ code: "address-missing", message: expect.stringContaining("default/cart-vc1") }),
    );
  });

  it("speaks HTTP/2 where a service does, and passes TCP through", () => {
    const services =
      "[{ name: cart, ports: [{ number: 9090, targetPort: 9091, protocol: grpc }, { number: 5432, targetPort: 5433, protocol: tcp }] }]";
    const [, cart] = generate(mesh(services), "envoy");
    expect(cart?.text).toContain("http2_protocol_options: {}");
    expect(cart?.text).toContain("envoy.filters.network.tcp_proxy");
  });
});
