import type { KubernetesResource } from "@puggle/mesh-config";
import type { Mesh, Service } from "@puggle/model";
import fc from "fast-check";

/** VirtualServices that people have for services which the mesh file knows: for a service's own host, and for a gateway before several of them. */
export function randomOwnedRouting({ services }: Mesh): fc.Arbitrary<readonly KubernetesResource[]> {
  // One that has hosts of its own in the mesh file gets a VirtualService of Puggle's.
  const plain = services.filter(({ hosts }) => hosts.length === 0);
  const hosts = plain.map(hostOf);
  if (hosts.length === 0) return fc.constant([]);
  const destination = fc.record(
    {
      host: fc.constantFrom(...hosts, ...services.map(hostOf)),
      subset: fc.constantFrom("stable", "stable", "absent"),
      port: fc.constantFrom(80, 8080).map((number) => ({ number })),
    },
    { requiredKeys: ["host"] },
  );
  const route = fc.oneof(
    { weight: 4, arbitrary: destination.map((one) => [{ destination: one }]) },
    {
      weight: 1,
      arbitrary: fc.tuple(destination, destination).map(([one, other]) => [
        { destination: one, weight: 25 },
        { destination: other, weight: 75 },
      ]),
    },
  );
  const action = fc.oneof(
    { weight: 4, arbitrary: route.map((one): object => ({ route: one })) },
    { weight: 1, arbitrary: route.map((one) => ({ route: one, rewrite: { uri: "/v2" }, timeout: "3s", retries: { attempts: 4 } })) },
    { weight: 1, arbitrary: fc.constantFrom<object>({ redirect: { uri: "/moved" } }, { directResponse: { status: 418 } }) },
  );
  const match = fc.oneof(
    fc.constantFrom("/items", "/").map((prefix) => ({ uri: { prefix } })),
    fc.constantFrom("first", "second").map((name) => ({ name, uri: { exact: "/" } })),
    fc.constantFrom(80, 8080).map((port) => ({ port })),
    // A namespace that nothing else names.
    fc.constantFrom("qa", "tools").map((sourceNamespace) => ({ sourceNamespace })),
    fc.constant({ sourceLabels: { app: "tester" } }),
  );
  const exportTo = fc.constantFrom<object>({}, {}, { exportTo: ["qa"] }, { exportTo: ["."] });
  const rule = fc
    .record(
      { name: fc.constantFrom("a", "b", "c"), match: fc.array(match, { maxLength: 2 }), action },
      { requiredKeys: ["match", "action"] },
    )
    .map(({ action: what, ...rest }) => ({ ...rest, ...what }));
  const rules = fc.array(rule, { minLength: 1, maxLength: 4 });
  return fc
    .record({ exportTo, own: fc.array(rules, { maxLength: 3 }), edge: fc.option(rules), wildcard: fc.option(rules, { freq: 6 }) })
    .map((drawn) => [
      ...drawn.own.flatMap((http, index) => {
        const service = plain[index];
        return service === undefined
          ? []
          : [virtualService(`${service.name}-by-people`, service.namespace, { hosts: [hostOf(service)], ...drawn.exportTo, http })];
      }),
      ...(drawn.edge === null
        ? []
        : [virtualService("edge", "shop", { hosts: ["shop.example"], gateways: ["edge/edge", "mesh"], http: drawn.edge })]),
      ...(drawn.wildcard === null
        ? []
        : [virtualService("wildcard", "shop", { hosts: ["*.shop.svc.cluster.local"], http: drawn.wildcard })]),
    ]);
}

function hostOf({ name, namespace }: Service): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

function virtualService(name: string, namespace: string, spec: object): KubernetesResource {
  return { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: { name, namespace }, spec };
}
