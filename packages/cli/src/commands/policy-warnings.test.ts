import { parseManifests } from "@puggle/mesh-config";
import { parseMesh } from "@puggle/model";
import { expect, it } from "vitest";
import { warnOfLostPolicies } from "./policy-warnings.ts";

it("warnOfLostPolicies names the policy, the service, some of the members, and what to do", () => {
  const virtualClusters = ["a", "b", "c", "d", "e"].map((name) => `{ name: ${name}, members: [{ service: cart, image: i }] }`);
  const text = `apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [{ name: cart, namespace: shop }]\nvirtualClusters: [${virtualClusters.join(", ")}]`;
  const policy =
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: guard, namespace: shop }\nspec: { selector: { matchLabels: { app: cart } } }";
  const mesh = parseMesh([{ path: "mesh.yaml", text }]);
  expect(warnOfLostPolicies(mesh, { manifests: parseManifests([{ path: "policy.yaml", text: policy }]) })).toEqual([
    "AuthorizationPolicy shop/guard holds for shop/cart, and not for its members (a, b, c, 2 more), whose pods have other labels; write one for puggle.dev/service: cart too where it should",
  ]);
  expect(warnOfLostPolicies(mesh, {})).toEqual([]);
});
