import type { KubernetesResource } from "@puggle/mesh-config";
import fc from "fast-check";
import type { Call } from "./hops.ts";

/** Rules that a person might have written for the services that Puggle does not know. */

const HOSTS = ["cart.shop.svc.cluster.local", "pricing.stock.svc.cluster.local"];

const match = fc.oneof(
  fc.constantFrom({ prefix: "/items" }, { exact: "/items/7" }, { regex: "/items(/[0-9]+)?" }, { prefix: "/" }).map((uri) => ({ uri })),
  fc.constantFrom({ exact: "POST" }, { regex: "GET|PUT" }).map((method) => ({ method })),
  fc.constantFrom({ "x-user": { exact: "ada" } }, { "x-user": {} }).map((headers) => ({ headers })),
  fc.constant({ withoutHeaders: { "x-user": {} } }),
  fc.constantFrom({ debug: { exact: "yes" } }).map((queryParams) => ({ queryParams })),
);

const destination = fc.constantFrom(
  { host: "cart.shop.svc.cluster.local", subset: "one" },
  { host: "cart.shop.svc.cluster.local", subset: "two" },
  { host: "cart.shop.svc.cluster.local" },
  { host: "pricing.stock.svc.cluster.local" },
  { host: "nobody.stock.svc.cluster.local" },
  // Puggle leads what arrives here to members, though the rule is somebody else's.
  { host: "orders.shop.svc.cluster.local" },
);
const route = fc
  .tuple(fc.array(destination, { minLength: 1, maxLength: 2 }), fc.constantFrom(10, 50, 90))
  .map(([destinations, weight]) =>
    destinations.map((one, index) =>
      destinations.length === 1 ? { destination: one } : { destination: one, weight: index === 0 ? weight : 100 - weight },
    ),
  );

const action = fc.oneof(
  { weight: 6, arbitrary: route.map((one) => ({ route: one })) },
  { weight: 2, arbitrary: fc.tuple(route, fc.constantFrom("/v2", "/")).map(([one, uri]) => ({ route: one, rewrite: { uri } })) },
  { weight: 1, arbitrary: route.map((one) => ({ route: one, rewrite: { authority: "rewritten.example" } })) },
  { weight: 1, arbitrary: fc.constantFrom({ redirect: { uri: "/moved", redirectCode: 307 } }, { directResponse: { status: 418 } }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(route, fc.constantFrom(50, 100))
      .map(([one, value]) => ({ route: one, fault: { abort: { httpStatus: 429, percentage: { value } } } })),
  },
);

const rules = fc
  .array(fc.tuple(fc.array(match, { maxLength: 2 }), action), { minLength: 1, maxLength: 5 })
  .map((drawn) => drawn.map(([matches, what]) => (matches.length === 0 ? what : { match: matches, ...what })));

export const randomRouting: fc.Arbitrary<readonly KubernetesResource[]> = fc.tuple(rules, rules).map((drawn) => [
  {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "cart", namespace: "shop" },
    spec: { host: HOSTS[0], subsets: ["one", "two"].map((name) => ({ name, labels: { version: name } })) },
  },
  ...drawn.map((http, index) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: `people-${index}`, namespace: index === 0 ? "shop" : "stock" },
    spec: { hosts: [HOSTS[index]], http },
  })),
]);

const name = fc.constantFrom("pr-4", "pr-42", "blue", "unknown");

const randomCall: fc.Arbitrary<Call> = fc.record({
  method: fc.constantFrom("GET", "POST"),
  url: fc
    .tuple(
      fc.oneof(
        {
          weight: 8,
          arbitrary: fc.constantFrom(
            ...["web", "orders", "cart"].flatMap((service) => [`${service}.shop`, `${service}.shop.svc.cluster.local`]),
            ...["stock.stock", "stock.stock.svc", "pricing.stock", "stock.stage.internal", "web-members.shop"],
          ),
        },
        { weight: 1, arbitrary: fc.constantFrom("somebody.example", "nobody.stock") },
      ),
      fc.constantFrom("/", "/items", "/items/7", "/other"),
      fc.constantFrom("", "?debug=yes"),
    )
    .map(([host, path, query]) => `http://${host}${path}${query}`),
  headers: fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: fc.constant({ "x-user": "ada" }) },
    { weight: 1, arbitrary: name.map((one) => ({ "virtual-cluster-name": one })) },
  ),
});

/** A request that enters the shop at one of its pods, and the calls that are made one after the other. */
export const randomJourney = fc.record({
  /** Which of the pods; taken modulo their number. */
  entry: fc.nat(),
  virtualCluster: fc.option(name),
  calls: fc.array(randomCall, { minLength: 1, maxLength: 4 }),
});
export type Journey = typeof randomJourney extends fc.Arbitrary<infer Value> ? Value : never;
