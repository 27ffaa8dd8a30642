import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import { parseManifests } from "../kubernetes/manifests.ts";
import { compile } from "../routing/compile.ts";
import { route } from "../routing/route.ts";
import { generateIstio } from "./generate.ts";

const MESH = parseMesh([
  {
    path: "mesh.yaml",
    text: `apiVersion: puggle.dev/v1alpha1
kind: Mesh
services: [{ name: cart, namespace: shop, ports: [{ number: 80 }] }]
virtualClusters: [{ name: pr-42, members: [{ service: cart, image: i }] }]`,
  },
]);

function rule(namespace: string, spec: string) {
  const text = `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: r, namespace: ${namespace} }\nspec: ${spec}`;
  return parseManifests([{ path: "rule.yaml", text }]);
}

function policyOfMembers(manifests: ReturnType<typeof rule>): unknown {
  const found = generateIstio(MESH, { manifests }).find(
    ({ kind, metadata }) => kind === "DestinationRule" && metadata.name === "cart-members",
  );
  return (found?.spec as { trafficPolicy?: unknown } | undefined)?.trafficPolicy;
}

describe("members are called as their baseline is", () => {
  const policy = "trafficPolicy: { tls: { mode: SIMPLE }, connectionPool: { http: { http2MaxRequests: 7 } } }";
  const said = { tls: { mode: "SIMPLE" }, connectionPool: { http: { http2MaxRequests: 7 } } };

  it("by the policy of its DestinationRule, fields that nobody here knows included", () => {
    expect(policyOfMembers(rule("shop", `{ host: cart, ${policy} }`))).toEqual(said);
  });

  it("by one that is for every host: the members' own rule would hide it", () => {
    expect(policyOfMembers(rule("istio-system", `{ host: "*.local", ${policy} }`))).toEqual(said);
  });

  it("by none of another host's, or one that is not to be seen", () => {
    expect(policyOfMembers(rule("shop", `{ host: web, ${policy} }`))).toBeUndefined();
    expect(policyOfMembers(rule("istio-system", `{ host: "*.local", exportTo: [stock], ${policy} }`))).toBeUndefined();
  });

  it("bound to endpoints by the same hash", () => {
    const manifests = rule("shop", "{ host: cart, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user } } } }");
    const table = compile([...manifests, ...generateIstio(MESH, { manifests })], { kind: "sidecar", namespace: "shop", labels: {} });
    const headers = { "virtual-cluster-name": "pr-42" };
    const decision = route(table, { method: "GET", host: "cart.shop.svc.cluster.local", port: 80, path: "/", headers });
    expect(decision.route?.forwarding?.hashPolicies).toEqual([{ kind: "header", name: "x-user" }]);
  });
});
