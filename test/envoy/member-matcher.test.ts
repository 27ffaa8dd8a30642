import { compile, type KubernetesResource, type MeshProxy, type Route, type RouteTable, resourcesOf } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomOwnedRouting } from "./owned-routing.ts";
import { randomMesh } from "./random-mesh.ts";

const PROXIES: readonly MeshProxy[] = [
  { kind: "sidecar", namespace: "shop", labels: {} },
  { kind: "sidecar", namespace: "tools", labels: {} },
  { kind: "sidecar", namespace: "qa", labels: { app: "tester" } },
  { kind: "sidecar", namespace: "shop", labels: { app: "tester" } },
  { kind: "gateway", namespace: "edge", labels: {}, gateway: "edge/edge" },
];
const BASELINE = /^outbound\|\d+\|[^|]*\|([^.|]+)\.([^.|]+)\.svc\.cluster\.local$/;

const situation = randomMesh.chain((drawn) => {
  const mesh = { ...drawn, services: drawn.services.map((service) => ({ ...service, hosts: [] })) };
  return fc.record({ mesh: fc.constant(mesh), owned: randomOwnedRouting(mesh) });
});

/** The members of the service to which all of a route's requests go. */
function membersBehind({ destinations }: Route, mesh: Mesh): readonly string[] {
  const [, name, namespace] = BASELINE.exec(destinations[0]?.cluster ?? "") ?? [];
  if (destinations.length !== 1 || name === undefined) return [];
  const isTheirs = (member: { readonly service: string; readonly namespace: string }) =>
    member.service === name && member.namespace === namespace;
  return mesh.virtualClusters.filter(({ members }) => members.some(isTheirs)).map(({ name: virtualCluster }) => virtualCluster);
}

function routesOf(table: RouteTable): ReadonlyMap<string, Route> {
  const entries = table.ports.flatMap(({ port, virtualHosts }) =>
    virtualHosts
      .filter(({ name }) => !name.includes("-members."))
      .flatMap(({ name, routes }) => routes.map((route, index) => [`${port} ${name} ${index}`, route] as const)),
  );
  return new Map(entries);
}

const without = (resources: readonly KubernetesResource[]) => resources.filter(({ metadata }) => metadata.namespace !== "istio-system");

test("routes of people's that lead to a baseline lead to its members, and to nothing else, and no other route is touched", () => {
  let led = 0;
  let left = 0;
  const check = ({ mesh, owned }: typeof situation extends fc.Arbitrary<infer Value> ? Value : never) => {
    const resources = resourcesOf(mesh, { manifests: owned, routing: "matcher" });
    for (const proxy of PROXIES) {
      const before = routesOf(compile(without(resources), proxy));
      const after = routesOf(compile(resources, proxy));
      expect([...after.keys()]).toEqual([...before.keys()]);
      for (const [place, route] of before) {
        const { choice, ...rest } = after.get(place) ?? route;
        const { choice: _none, ...restBefore } = route;
        expect(rest, place).toEqual(restBefore);
        const members = membersBehind(route, mesh);
        const [, subset = ""] = /^outbound\|\d+\|([^|]*)/.exec(route.destinations[0]?.cluster ?? "") ?? [];
        const [port] = /\d+/.exec(route.destinations[0]?.cluster ?? "") ?? [];
        if (choice === undefined) {
          left += members.length > 0 ? 1 : 0;
          continue;
        }
        led += 1;
        expect([...choice.clusters.keys()].sort(), `${place} (subset ${subset})`).toEqual([...members].sort());
        for (const [name, cluster] of choice.clusters)
          expect(cluster).toMatch(new RegExp(`^outbound\\|${port}\\|${name}\\|[a-z-]+-members\\.`));
      }
    }
  };
  fc.assert(fc.property(situation, check), { numRuns: 300 });
  // Those without a name of their own, which the generator names.
  expect(led).toBeGreaterThan(5 * left);
});
