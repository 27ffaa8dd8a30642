import { parseMesh } from "@puggle/model";
import { expect, it } from "vitest";
import { parseManifests } from "../kubernetes/manifests.ts";
import { generateIstio } from "./generate.ts";

it("a member has no ports of the node, and all else that its baseline has", () => {
  const mesh = parseMesh([
    {
      path: "mesh.yaml",
      text: "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [{ name: cart, namespace: shop }]\nvirtualClusters: [{ name: pr-42, members: [{ service: cart }] }]",
    },
  ]);
  const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart } }
    spec:
      hostNetwork: true
      dnsPolicy: ClusterFirst
      initContainers: [{ name: setup, image: setup, ports: [{ containerPort: 1, hostPort: 1 }] }]
      containers: [{ name: cart, image: cart, ports: [{ containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1, name: http }] }, { name: sidecar, image: s }]`;
  const manifests = parseManifests([{ path: "m.yaml", text }]);
  const member = generateIstio(mesh, { manifests }).find(({ kind }) => kind === "Deployment");
  expect(member).toHaveProperty("spec.template.spec", {
    dnsPolicy: "ClusterFirst",
    initContainers: [{ name: "setup", image: "setup", ports: [{ containerPort: 1 }] }],
    containers: [
      {
        name: "cart",
        image: "cart",
        ports: [{ containerPort: 80, name: "http" }],
        env: [{ name: "VIRTUAL_CLUSTER_NAME", value: "pr-42" }],
      },
      { name: "sidecar", image: "s" },
    ],
  });
});
