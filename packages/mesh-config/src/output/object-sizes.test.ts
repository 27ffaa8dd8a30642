import { parseMesh } from "@puggle/model";
import { expect, it } from "vitest";
import { generate } from "./files.ts";
import { needsServerSideApply } from "./object-sizes.ts";

/** A service of so many members, each of which is a route of its VirtualService. */
function meshOf(members: number) {
  const virtualClusters = Array.from(
    { length: members },
    (_, index) => `  - { name: pr-${index}, members: [{ service: cart, image: i }] }`,
  );
  const text = `apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [{ name: cart, namespace: shop }]\nvirtualClusters:\n${virtualClusters.join("\n")}\n`;
  return parseMesh([{ path: "mesh.yaml", text }]);
}

it("tells which objects kubectl takes only on the server's side", () => {
  const large = (members: number) =>
    generate(meshOf(members), "istio")
      .filter(needsServerSideApply)
      .map(({ path }) => path);
  expect(large(100)).toEqual([]);
  expect(large(2_500)).toContain("istio/shop/cart/member-matcher.yaml");
});

it("refuses an object that is too large for an API server, by its name and size", () => {
  expect(() => generate(meshOf(10_000), "istio")).toThrow(
    /^EnvoyFilter istio-system\/puggle-cart.shop: would have \d+ KB, and at most 1024 KB are written/,
  );
});
