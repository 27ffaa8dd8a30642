import type { KubernetesResource } from "@puggle/mesh-config";
import type { Mesh, Port, Service } from "@puggle/model";
import fc from "fast-check";

/** Names that are each other's prefixes and suffixes, so that a match by part would show. */
const VIRTUAL_CLUSTERS = ["pr-4", "pr-42", "pr-42-b", "blue", "b", "team-blue"];
const SERVICES = ["web", "cart", "cart-api", "inventory", "pricing"];
const NAMESPACES = ["shop", "stock"];
const NO_LINES: readonly string[] = [];

/** A mesh of a few services in two namespaces, some with two ports and hosts of their own, and up to six virtual clusters. */
export const randomMesh: fc.Arbitrary<Mesh> = fc
  .record({
    services: fc.subarray(SERVICES, { minLength: 2 }).chain((names) => fc.tuple(...names.map(randomService))),
    membership: fc.array(fc.tuple(fc.constantFrom(...VIRTUAL_CLUSTERS), fc.nat()), { minLength: 4, maxLength: 14 }),
    hasExternalHost: fc.boolean(),
  })
  .map(({ services, membership, hasExternalHost }) => ({
    clusterDomain: "cluster.local",
    services,
    externalHosts: hasExternalHost
      ? [
          { host: "api.payments.example", port: 80 },
          { host: "*.partner.example", port: 80 },
        ]
      : [],
    virtualClusters: VIRTUAL_CLUSTERS.map((name) => ({ name, members: membersOf(name, membership, services) })),
  }));

function randomService(name: string): fc.Arbitrary<Service> {
  return fc
    .record({
      namespace: fc.constantFrom(...NAMESPACES),
      hasHost: fc.boolean(),
      hasSecondPort: fc.boolean(),
      baselineVersion: fc.constantFrom("default", "stable"),
    })
    .map(({ namespace, hasHost, hasSecondPort, baselineVersion }) => ({
      name,
      namespace,
      hosts: hasHost ? [`${name}.stage.internal`] : [],
      gateways: [],
      ports: [http(80), ...(hasSecondPort ? [http(8080)] : [])],
      selector: { app: name },
      baselineVersion,
    }));
}

function http(number: number): Port {
  return { number, protocol: "http" };
}

function membersOf(virtualCluster: string, membership: readonly (readonly [string, number])[], services: readonly Service[]) {
  const indices = membership.filter(([name]) => name === virtualCluster).map(([, index]) => index % services.length);
  return [...new Set(indices)].flatMap((index) => {
    const service = services[index];
    return service === undefined ? [] : [{ service: service.name, namespace: service.namespace, replicas: 1, env: {}, image: "any" }];
  });
}

/** The same, where it is said of some services what they call. */
export const randomMeshWithCalls: fc.Arbitrary<Mesh> = randomMesh.chain((mesh) => {
  const ids = mesh.services.map(({ namespace, name }) => `${namespace}/${name}`);
  const calls = fc.array(fc.option(fc.subarray(ids), { nil: undefined }), { minLength: ids.length, maxLength: ids.length });
  return calls.map((drawn) => ({
    ...mesh,
    services: mesh.services.map((service, index) => {
      const own = drawn[index];
      return own === undefined ? service : { ...service, calls: own };
    }),
  }));
});

export interface RandomRequest {
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Each value is a header line of its own. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** Requests to every kind of host name that the mesh has, with names that exist, do not, or are no names. */
export function randomRequest(mesh: Mesh, hosts: readonly string[] = []): fc.Arbitrary<RandomRequest> {
  const known = mesh.services.flatMap(({ name, namespace, hosts: further }) => [
    `${name}.${namespace}.svc.cluster.local`,
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    name,
    `${name.toUpperCase()}.${namespace}.svc.cluster.local`,
    ...further,
  ]);
  const name = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...VIRTUAL_CLUSTERS) },
    { weight: 1, arbitrary: fc.constantFrom("unknown", "", "default", "PR-42", "pr-42,", "blue\tb", "x".repeat(300)) },
  );
  return fc.record({
    method: fc.constantFrom("GET", "POST", "DELETE"),
    host: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...known, ...hosts) },
      fc.constantFrom("api.payments.example", "eu.partner.example", "nobody.example"),
    ),
    port: fc.constantFrom(80, 80, 8080),
    path: fc.constantFrom("/", "/items", "/items/7?x=1", "/admin/users", "/items?debug=yes", "/items?debug"),
    headers: fc.record({
      "virtual-cluster-name": fc.oneof(
        { weight: 1, arbitrary: fc.constant(NO_LINES) },
        { weight: 4, arbitrary: fc.tuple(name) },
        { weight: 1, arbitrary: fc.tuple(name, name) },
      ),
      "x-user": fc.constantFrom(NO_LINES, ["ada"], ["adam"], ["grace"], ["grace", "ada"]),
    }),
  });
}

/**
 * VirtualServices that a person might have written, for a service that the mesh file does not know: paths, methods, headers, query parameters, regular
 * expressions, weights, catch-alls in the middle, subsets that do not exist.
 */
export function randomForeignRouting(): fc.Arbitrary<readonly KubernetesResource[]> {
  const stringMatch = (values: readonly string[]) =>
    fc.oneof(
      fc.constantFrom(...values).map((exact) => ({ exact })),
      fc.constantFrom(...values).map((value) => ({ prefix: value.slice(0, 4) })),
      fc.constantFrom("ad.*", ".*a", "/items(/[0-9]+)?", "(?i)ADA", "[a-z]+", "/.*").map((regex) => ({ regex })),
    );
  const header = fc.tuple(
    fc.constantFrom("x-user", "x-user", "virtual-cluster-name"),
    fc.oneof(stringMatch(["ada", "pr-42"]), fc.constant({})),
  );
  const condition = fc.oneof(
    stringMatch(["/", "/items", "/items/7", "/admin/users"]).map((uri) => ({ uri })),
    stringMatch(["GET", "POST"]).map((method) => ({ method })),
    header.map(([name, value]) => ({ headers: { [name]: value } })),
    header.map(([name, value]) => ({ withoutHeaders: { [name]: value } })),
    fc
      .constantFrom({ debug: { exact: "yes" } }, { debug: { regex: "y.*" } }, { x: { exact: "1" } })
      .map((queryParams) => ({ queryParams })),
    fc.constantFrom(80, 8080).map((port) => ({ port })),
    fc.constantFrom("shop", "stock").map((sourceNamespace) => ({ sourceNamespace })),
  );
  // One or two conditions an entry: with more, hardly any request would match, and what each of them does would not show.
  const match = fc.array(condition, { minLength: 1, maxLength: 2 }).map((conditions) => Object.assign({}, ...conditions) as object);
  const destination = (subset: string) => ({ host: "legacy.shop.svc.cluster.local", subset, port: { number: 80 } });
  const route = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("one", "two", "absent").map((subset) => [{ destination: destination(subset) }]) },
    {
      weight: 1,
      arbitrary: fc.constant([
        { destination: destination("one"), weight: 100 },
        { destination: destination("two"), weight: 0 },
      ]),
    },
  );
  const rule = fc.record(
    { name: fc.constantFrom("a", "b"), match: fc.array(match, { minLength: 0, maxLength: 3 }), route },
    { requiredKeys: ["route"] },
  );
  return fc.array(rule, { minLength: 1, maxLength: 6 }).map((rules) => [
    ...["one", "two"].map((version) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: `legacy-${version}`, namespace: "shop" },
      spec: { template: { metadata: { labels: { app: "legacy", version } }, spec: { containers: [{ name: "legacy" }] } } },
    })),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "legacy", namespace: "shop" },
      spec: {
        selector: { app: "legacy" },
        ports: [
          { port: 80, name: "http" },
          { port: 8080, name: "http-alt" },
        ],
      },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "legacy", namespace: "shop" },
      spec: { host: "legacy", subsets: ["one", "two"].map((name) => ({ name, labels: { version: name } })) },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "legacy", namespace: "shop" },
      spec: { hosts: ["legacy", "legacy.stage.internal"], http: rules },
    },
  ]);
}

/** Hosts of {@link randomForeignRouting}. */
export const FOREIGN_HOSTS = ["legacy.shop.svc.cluster.local", "legacy.shop", "legacy.stage.internal"];
