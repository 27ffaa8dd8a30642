import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import { parseManifests } from "../kubernetes/manifests.ts";
import { findLostPolicies } from "./lost-policies.ts";

const MESH = parseMesh([
  {
    path: "mesh.yaml",
    text: `apiVersion: puggle.dev/v1alpha1
kind: Mesh
services: [{ name: cart, namespace: shop }, { name: web, namespace: shop }]
virtualClusters: [{ name: pr-42, members: [{ service: cart, image: i }] }, { name: blue, members: [{ service: cart, image: i }] }]`,
  },
]);
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec: { selector: { matchLabels: { app: cart } }, template: { metadata: { labels: { app: cart, team: checkout } }, spec: { containers: [{ name: cart, image: cart }] } } }`;

function lost(kind: string, spec: string, namespace = "shop") {
  const text = `${DEPLOYMENT}\n---\napiVersion: ${kind.split("/")[0]}/v1\nkind: ${kind.split("/")[1]}\nmetadata: { name: p, namespace: ${namespace} }\nspec: ${spec}`;
  return findLostPolicies(MESH, { manifests: parseManifests([{ path: "m.yaml", text }]) });
}

describe("policies that hold for a baseline and not for its members", () => {
  const of = (kind: string, namespace = "shop") => [
    { policy: { kind, namespace, name: "p" }, service: "cart", namespace: "shop", virtualClusters: ["blue", "pr-42"] },
  ];

  it.each([
    ["networking.k8s.io/NetworkPolicy", "{ podSelector: { matchLabels: { app: cart } } }"],
    ["networking.k8s.io/NetworkPolicy", "{ podSelector: { matchExpressions: [{ key: app, operator: In, values: [cart, web] }] } }"],
    [
      "networking.k8s.io/NetworkPolicy",
      "{ podSelector: { matchExpressions: [{ key: puggle.dev/virtual-cluster, operator: DoesNotExist }, { key: team, operator: Exists }] } }",
    ],
    ["security.istio.io/AuthorizationPolicy", "{ selector: { matchLabels: { app: cart } } }"],
    ["security.istio.io/PeerAuthentication", "{ selector: { matchLabels: { app: cart } } }"],
    ["telemetry.istio.io/Telemetry", "{ selector: { matchLabels: { app: cart, team: checkout } } }"],
    ["networking.istio.io/EnvoyFilter", "{ workloadSelector: { labels: { app: cart } } }"],
    ["networking.istio.io/DestinationRule", "{ host: a.example, workloadSelector: { matchLabels: { app: cart } } }"],
  ])("%s %s", (kind, spec) => {
    expect(lost(kind, spec)).toEqual(of(kind.split("/")[1] ?? ""));
  });

  it("rules of VirtualServices for callers, wherever those stand", () => {
    const rules = (labels: string) =>
      `{ hosts: [a.example], http: [{ match: [{ sourceLabels: ${labels} }], directResponse: { status: 200 } }] }`;
    expect(lost("networking.istio.io/VirtualService", rules("{ app: cart }"), "other")).toEqual(of("VirtualService", "other"));
    expect(lost("networking.istio.io/VirtualService", rules("{ app: nobody }"))).toEqual([]);
    expect(lost("networking.istio.io/VirtualService", rules("{}"))).toEqual([]);
  });

  it("of Istio's own namespace, which speaks for all others", () => {
    const spec = "{ selector: { matchLabels: { app: cart } } }";
    expect(lost("security.istio.io/AuthorizationPolicy", spec, "istio-system")).toEqual(of("AuthorizationPolicy", "istio-system"));
    expect(lost("security.istio.io/AuthorizationPolicy", spec, "stock")).toEqual([]);
  });

  it("are none of those that are for every pod, for a label that members keep, or for other pods", () => {
    expect(lost("networking.k8s.io/NetworkPolicy", "{ podSelector: {} }")).toEqual([]);
    expect(lost("security.istio.io/AuthorizationPolicy", "{ action: DENY }")).toEqual([]);
    expect(lost("security.istio.io/AuthorizationPolicy", "{ selector: { matchLabels: { team: checkout } } }")).toEqual([]);
    expect(lost("security.istio.io/AuthorizationPolicy", "{ selector: { matchLabels: { app: web } } }")).toEqual([]);
  });
});
