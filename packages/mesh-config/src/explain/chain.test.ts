import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import { resourcesOf } from "../baselines.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { type ChainOptions, type ExplainedHop, explainChain } from "./chain.ts";
import { findSidecar } from "./explain.ts";
import { formatChain } from "./format.ts";

const MESH = parseMesh([
  {
    path: "mesh.yaml",
    text: `
apiVersion: puggle.dev/v1alpha1
kind: Mesh
services:
  - { name: web, namespace: shop }
  - { name: cart, namespace: shop }
  - { name: stock, namespace: shop }
virtualClusters:
  - { name: pr-42, members: [{ service: cart, image: i }, { service: stock, image: i }] }
`,
  },
]);
const RESOURCES = resourcesOf(MESH);
const FROM = findSidecar(RESOURCES, { namespace: "shop", service: "web" });
const NAMED = { "virtual-cluster-name": "pr-42" };

function follow(
  urls: readonly string[],
  headers: Record<string, string>,
  options: ChainOptions = {},
  more: readonly KubernetesResource[] = [],
) {
  const [url = "", ...calls] = urls;
  return explainChain(
    [...RESOURCES, ...more],
    { from: FROM, url, headers },
    calls.map((one) => ({ url: one })),
    options,
  );
}

/** Where each request of a chain arrives that does not divide. */
function arrivals({ explanation, next }: ExplainedHop): readonly string[] {
  return [explanation.destinations[0]?.workloads[0]?.name ?? explanation.outcome, ...next.flatMap(({ hop }) => arrivals(hop))];
}

describe("explainChain", () => {
  it("follows the name through services that hand it on", () => {
    expect(arrivals(follow(["http://web/", "http://cart/", "http://stock/"], NAMED))).toEqual(["web", "cart-pr-42", "stock-pr-42"]);
    expect(arrivals(follow(["http://web/", "http://cart/", "http://stock/"], {}))).toEqual(["web", "cart", "stock"]);
  });

  it("loses it in a baseline that drops it, and not in a member, whose sidecar stamps it", () => {
    const dropping = (service: string): ChainOptions => ({ isPropagating: ({ name }) => !name.startsWith(service) });
    expect(arrivals(follow(["http://web/", "http://cart/"], NAMED, dropping("web")))).toEqual(["web", "cart"]);
    expect(arrivals(follow(["http://cart/", "http://stock/"], NAMED, dropping("cart")))).toEqual(["cart-pr-42", "stock-pr-42"]);
  });

  it("lets a name that a call sets stand in the place of the one that came", () => {
    const hop = explainChain(RESOURCES, { from: FROM, url: "http://web/", headers: NAMED }, [
      { url: "http://cart/", headers: { "Virtual-Cluster-Name": "other" } },
    ]);
    expect(arrivals(hop)).toEqual(["web", "cart"]);
  });

  it("ends where no workload gets the request", () => {
    expect(follow(["http://example.org/", "http://cart/"], NAMED).next).toEqual([]);
  });

  it("divides by weights, and by the number of pods that share a destination", () => {
    const pods = (name: string, replicas: number, labels: Record<string, string>): KubernetesResource => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: "shop" },
      spec: { replicas, template: { metadata: { labels } } },
    });
    const service = (name: string): KubernetesResource => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop" },
      spec: { selector: { app: name }, ports: [{ name: "http", port: 80 }] },
    });
    const split: KubernetesResource = {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "old", namespace: "shop" },
      spec: {
        hosts: ["old"],
        http: [
          {
            route: [
              { destination: { host: "old" }, weight: 20 },
              { destination: { host: "new" }, weight: 80 },
            ],
          },
        ],
      },
    };
    const more = [
      service("old"),
      service("new"),
      split,
      pods("old-a", 3, { app: "old" }),
      pods("old-b", 1, { app: "old" }),
      pods("new", 2, { app: "new" }),
      pods("new-idle", 0, { app: "new" }),
    ];
    const { next } = follow(["http://old/", "http://cart/"], NAMED, {}, more);
    expect(next.map(({ workload, probability }) => [workload.name, probability])).toEqual([
      ["old-a", expect.closeTo(0.15)],
      ["old-b", expect.closeTo(0.05)],
      ["new", expect.closeTo(0.8)],
    ]);
    expect(formatChain(follow(["http://old/", "http://cart/"], NAMED, {}, more))).toContain(
      "then, by Deployment shop/old-a, which gets 15 % of those\n\nGET http://cart/\n",
    );
  });
});
