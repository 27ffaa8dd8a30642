import { parseManifests } from "@puggle/mesh-config";
import { expect, it } from "vitest";
import { warnOfBroken } from "./manifest-warnings.ts";

it("warnOfBroken names what can not be read, and where", () => {
  const broken =
    "{ apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: { name: cart, namespace: shop }, spec: { hosts: cart } }";
  const other = "{ apiVersion: v1, kind: ConfigMap, metadata: { name: anything }, data: [1] }";
  expect(warnOfBroken(parseManifests([{ path: "m.yaml", text: `${broken}\n---\n${other}` }]))).toEqual([
    expect.stringMatching(/^VirtualService shop\/cart is left out of account, since it can not be read: spec\.hosts: .*expected array/),
  ]);
});
