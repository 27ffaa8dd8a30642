import type { KubernetesResource } from "@puggle/mesh-config";
import fc from "fast-check";

/** What a person might have written for the services of these tests: every shape of HTTP routing that a VirtualService has. */

const HEADERS = ["x-user", "x-tier", "virtual-cluster-name"];
export const HEADER_VALUES = ["ada", "adam", "grace", "pr-42", "pr-4", ""];
export const PATHS = ["/", "/items", "/items/7", "/admin/users", "/Items"];
const PATTERNS = ["ad.*", ".*a", "/items(/[0-9]+)?", "(?i)ADA", "[a-z]+", "/.*", ".*", "*"];

const seconds = fc.constantFrom("0.001s", "1s", "1.5s", "30s");
const percentage = fc.constantFrom(0, 0.1, 12.5, 50, 100).map((value) => ({ value }));
const HOSTS = ["cart", "cart.stock.svc.cluster.local", "pricing", "api.payments.example", "nobody.example"];

function stringMatch(values: readonly string[], patterns: readonly string[] = PATTERNS) {
  return fc.oneof(
    fc.constantFrom(...values).map((exact) => ({ exact })),
    fc.constantFrom(...values).map((value) => ({ prefix: value.slice(0, 4) })),
    fc.constantFrom(...patterns).map((regex) => ({ regex })),
  );
}

const uri = fc.oneof(
  { weight: 5, arbitrary: stringMatch(PATHS, ["/items(/[0-9]+)?", "/.*", ".*", "/[a-z]+/users"]) },
  { weight: 1, arbitrary: fc.constantFrom({ prefix: "/items?debug" }, { exact: "/items?debug=yes" }) },
);
const headerMatch = fc.dictionary(fc.constantFrom(...HEADERS), fc.oneof(stringMatch(["ada", "pr-42"]), fc.constant({})), {
  minKeys: 1,
  maxKeys: 2,
});

const match = fc.record(
  {
    name: fc.constantFrom("m", "n"),
    uri,
    ignoreUriCase: fc.boolean(),
    method: stringMatch(["GET", "POST"], ["G.*"]),
    authority: stringMatch(["cart", "pricing.shop"], [".*cart.*"]),
    scheme: fc.constantFrom({ exact: "http" }, { exact: "https" }),
    headers: headerMatch,
    withoutHeaders: headerMatch,
    queryParams: fc.constantFrom(
      { debug: { exact: "yes" } },
      { debug: { regex: "y.*" } },
      { x: { exact: "1" } },
      { debug: { prefix: "y" } },
    ),
    port: fc.constantFrom(80, 8080),
    gateways: fc.subarray(["mesh", "edge/edge"], { minLength: 1 }),
    sourceNamespace: fc.constantFrom("shop", "stock"),
    sourceLabels: fc.constantFrom({ app: "web" }, { version: "default" }, { app: "web", version: "none" }),
  },
  { requiredKeys: [] },
);
/** A condition or two: with more, hardly any request would match, and what each of them does would not show. */
const sparseMatch = fc
  .tuple(match, fc.subarray(["uri", "headers", "withoutHeaders", "name", "port", "queryParams", "method"], { maxLength: 2 }), fc.nat(2))
  .map(([whole, kept, rest]) => {
    const entries = Object.entries(whole);
    const chosen = entries.filter(([key], index) => kept.includes(key) || (rest === 0 && index === 0));
    return Object.fromEntries(chosen);
  });

const headerOperations = fc.record(
  {
    set: fc.constantFrom({ "x-set": "1" }, { b: "2", a: "1" }, { Host: "set.example" }, { ":authority": "other.example", z: "1" }),
    add: fc.constantFrom({ "x-add": "1" }, { host: "added.example" }),
    remove: fc.constantFrom(["x-user"], ["x-tier", "host"], [":path"]),
  },
  { requiredKeys: [] },
);
const headers = fc.record({ request: headerOperations, response: headerOperations }, { requiredKeys: [] });

const destination = fc.record(
  {
    host: fc.constantFrom(...HOSTS),
    subset: fc.constantFrom("one", "two", "absent"),
    port: fc.constantFrom(80, 8080).map((number) => ({ number })),
  },
  { requiredKeys: ["host"] },
);
const weighted = fc.record({ destination, weight: fc.constantFrom(0, 1, 30, 70), headers }, { requiredKeys: ["destination", "weight"] });
const route = fc.oneof(
  { weight: 3, arbitrary: fc.record({ destination, headers }, { requiredKeys: ["destination"] }).map((only) => [only]) },
  // Envoy refuses a route of which nothing goes anywhere.
  {
    weight: 1,
    arbitrary: fc
      .array(weighted, { minLength: 2, maxLength: 3 })
      .map(([first, ...others]) => [{ ...first, weight: Math.max(1, first?.weight ?? 1) }, ...others]),
  },
);

const forwarding = fc.record(
  {
    route,
    rewrite: fc.constantFrom(
      { uri: "/new" },
      { uri: "/" },
      { authority: "rewritten.example" },
      { uri: "/v2", authority: "both.example" },
      { uriRegexRewrite: { match: "/items/([0-9]+)", rewrite: "/item-\\1" } },
    ),
    timeout: seconds,
    retries: fc.record(
      {
        attempts: fc.nat(3),
        perTryTimeout: seconds,
        retryOn: fc.constantFrom("5xx", "503, reset", "gateway-error,429", "retriable-status-codes,409"),
        retryRemoteLocalities: fc.boolean(),
        retryIgnorePreviousHosts: fc.boolean(),
        backoff: seconds,
      },
      { requiredKeys: ["attempts"] },
    ),
    mirror: destination,
    mirrorPercentage: percentage,
    mirrors: fc.array(fc.record({ destination, percentage }, { requiredKeys: ["destination"] }), { minLength: 1, maxLength: 2 }),
    headers,
  },
  { requiredKeys: ["route"] },
);

const fault = fc.record(
  {
    delay: fc.record({ percentage, fixedDelay: fc.constant("0.001s") }, { requiredKeys: ["fixedDelay"] }),
    abort: fc.oneof(
      fc.record({ percentage, httpStatus: fc.constantFrom(418, 503) }, { requiredKeys: ["httpStatus"] }),
      fc.record({ percentage, grpcStatus: fc.constantFrom("UNAVAILABLE", "NOT_FOUND") }, { requiredKeys: ["grpcStatus"] }),
    ),
  },
  { requiredKeys: [] },
);
const corsPolicy = fc.record(
  {
    allowOrigins: fc.array(stringMatch(["https://shop.example"], ["https://.*"]), { maxLength: 2 }),
    allowMethods: fc.constant(["GET", "POST"]),
    allowHeaders: fc.constant(["x-user"]),
    exposeHeaders: fc.constant(["x-request-id"]),
    maxAge: fc.constantFrom("90s", "86400s"),
    allowCredentials: fc.boolean(),
    unmatchedPreflights: fc.constantFrom("IGNORE", "FORWARD"),
  },
  { requiredKeys: [] },
);
const redirect = fc.record(
  {
    uri: fc.constantFrom("/moved", "/moved?to=1"),
    authority: fc.constant("elsewhere.example"),
    scheme: fc.constantFrom("http", "https"),
    redirectCode: fc.constantFrom(301, 302, 303, 307, 308),
  },
  { requiredKeys: [] },
);
const redirectPort = fc.constantFrom(
  {},
  {},
  { port: 80 },
  { port: 8443 },
  { derivePort: "FROM_REQUEST_PORT" },
  { derivePort: "FROM_PROTOCOL_DEFAULT" },
);
const directResponse = fc.record(
  { status: fc.constantFrom(200, 403, 503), body: fc.constantFrom({ string: "closed" }, { bytes: "Y2xvc2Vk" }) },
  { requiredKeys: ["status"] },
);

const action = fc.oneof(
  { weight: 6, arbitrary: forwarding },
  { weight: 1, arbitrary: fc.tuple(redirect, redirectPort).map(([what, port]) => ({ redirect: { ...what, ...port } })) },
  { weight: 1, arbitrary: directResponse.map((answer) => ({ directResponse: answer })) },
);
const around = fc.record({ fault, corsPolicy }, { requiredKeys: [] });

const rule = fc
  .tuple(
    fc.array(sparseMatch, { maxLength: 3 }),
    action,
    fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: around }),
  )
  .chain((parts) => fc.tuple(fc.constant(parts), fc.constantFrom({ name: "rule" }, { name: "rule" }, { name: "rule" }, {})))
  .map(([[matches, what, more], name]) => ({ ...name, ...(matches.length > 0 ? { match: matches } : {}), ...what, ...more }));

/** Paths of which one takes in another: what decides whether a delegate's rule can be part of the rule that leads to it. */
const nestedPath = fc
  .constantFrom({ prefix: "/" }, { prefix: "/items" }, { exact: "/items/7" }, { exact: "/admin/users" }, { regex: "/items.*" })
  .map((path) => ({ uri: path }));
const delegateRule = fc
  .tuple(rule, fc.array(nestedPath, { maxLength: 2 }))
  .map(([own, paths]) => (paths.length > 0 ? { ...own, match: paths } : own));

/** A rule that leads to the rules of another VirtualService, with all that those may take from it. */
const delegating = fc
  .tuple(
    fc.array(fc.oneof(sparseMatch, nestedPath), { maxLength: 2 }),
    fc.record(
      {
        name: fc.constant("root"),
        delegate: fc.record(
          { name: fc.constantFrom("delegate-0", "delegate-1", "missing"), namespace: fc.constantFrom("shop", "stock") },
          { requiredKeys: ["name"] },
        ),
        timeout: seconds,
        rewrite: fc.constant({ uri: "/root" }),
        headers,
        corsPolicy,
      },
      { requiredKeys: ["delegate"] },
    ),
  )
  .map(([matches, what]) => ({ ...what, ...(matches.length > 0 ? { match: matches } : {}) }));
const rootRule = fc.oneof({ weight: 2, arbitrary: rule }, { weight: 1, arbitrary: delegating });

/** A VirtualService that delegates, and the one that it delegates to: by chance alone the two seldom meet. */
const delegation = fc
  .tuple(fc.array(nestedPath, { minLength: 1, maxLength: 2 }), fc.array(delegateRule, { minLength: 1, maxLength: 3 }))
  .map(([paths, rules]) => [
    istio("VirtualService", "shop", "delegating", {
      hosts: ["delegating.internal"],
      http: [{ match: paths, delegate: { name: "delegated" } }],
    }),
    istio("VirtualService", "shop", "delegated", { http: rules }),
  ]);

const VIRTUAL_SERVICE_HOSTS = [
  "cart",
  "pricing",
  "cart.stock.svc.cluster.local",
  "api.payments.example",
  "shop.stage.internal",
  "headless",
  "two-ports",
  "*.shop.svc.cluster.local",
  "*.stage.internal",
  "cart.shop",
];

const virtualService = fc.record(
  {
    hosts: fc.uniqueArray(fc.constantFrom(...VIRTUAL_SERVICE_HOSTS), { minLength: 1, maxLength: 3 }),
    gateways: fc.constantFrom(["mesh"], ["mesh", "edge/edge"], ["edge/edge"]),
    exportTo: fc.constantFrom(["*"], ["."], ["shop"], ["stock", "tools"], ["edge"]),
    http: fc.array(rootRule, { minLength: 1, maxLength: 4 }),
  },
  { requiredKeys: ["hosts", "http"] },
);

const loadBalancer = fc.constantFrom(
  { consistentHash: { httpHeaderName: "x-user" } },
  { consistentHash: { httpCookie: { name: "user", ttl: "0s" } } },
  { consistentHash: { httpCookie: { name: "user", path: "/", ttl: "60s" } } },
  { consistentHash: { useSourceIp: true } },
  { consistentHash: { httpQueryParameterName: "x" } },
  { simple: "RANDOM" },
);
const trafficPolicy = fc.record(
  { loadBalancer, portLevelSettings: loadBalancer.map((balancer) => [{ port: { number: 8080 }, loadBalancer: balancer }]) },
  { requiredKeys: ["loadBalancer"] },
);
const destinationRule = fc.record(
  {
    host: fc.constantFrom("cart", "pricing", "cart.stock.svc.cluster.local", "*.shop.svc.cluster.local"),
    exportTo: fc.constantFrom(["*"], ["."], ["shop"]),
    trafficPolicy,
    subsets: fc
      .tuple(fc.subarray(["one", "two"]), trafficPolicy)
      .map(([names, policy]) =>
        names.map((name, index) => ({ name, labels: { version: name }, ...(index === 0 ? { trafficPolicy: policy } : {}) })),
      ),
  },
  { requiredKeys: ["host"] },
);

const sidecar = fc.record(
  {
    workloadSelector: fc.constantFrom({ labels: { app: "web" } }, { labels: { app: "cart" } }),
    egress: fc
      .array(
        fc
          .tuple(
            fc.constantFrom("*", ".", "shop", "stock", "~stock", "~*", "tools"),
            fc.constantFrom(
              "*",
              "cart.shop.svc.cluster.local",
              "cart.stock.svc.cluster.local",
              "*.shop.svc.cluster.local",
              "pricing.shop.svc.cluster.local",
              "*.example",
              "shop.stage.internal",
            ),
          )
          .filter((parts) => parts.join("/") !== "~*/*")
          .map((parts) => parts.join("/")),
        { minLength: 1, maxLength: 3 },
      )
      // All are to see the host by which these tests tell that all was sent.
      .map((hosts) => [{ hosts: [...hosts, "istio-system/*.puggle.test"] }]),
    outboundTrafficPolicy: fc.constantFrom({ mode: "ALLOW_ANY" }, { mode: "REGISTRY_ONLY" }),
  },
  { requiredKeys: ["egress"] },
);

type NamespacedSpec = readonly [namespace: string, spec: object];
const NO_SIDECARS: readonly NamespacedSpec[] = [];

/** VirtualServices and DestinationRules of several namespaces, some of which claim the same host, and what callers are told of. */
export const randomRouting: fc.Arbitrary<readonly KubernetesResource[]> = fc
  .record({
    virtualServices: fc.array(fc.tuple(fc.constantFrom("shop", "shop", "stock", "tools"), virtualService), { minLength: 1, maxLength: 4 }),
    delegation: fc.oneof(fc.constant([]), delegation),
    delegates: fc.array(
      fc.tuple(
        fc.constantFrom("shop", "stock"),
        fc.array(delegateRule, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(["*"], ["."], ["tools", "shop"]),
      ),
      { maxLength: 2 },
    ),
    // At most one for each kind of caller: of two, the older counts, and they are as old as each other.
    sidecars: fc.oneof(
      { weight: 2, arbitrary: fc.constant(NO_SIDECARS) },
      {
        weight: 1,
        arbitrary: fc
          .uniqueArray(fc.tuple(fc.constantFrom("shop", "stock", "tools", "istio-system"), sidecar), {
            minLength: 1,
            maxLength: 3,
            selector: ([namespace, spec]) => `${namespace} ${JSON.stringify(spec.workloadSelector)}`,
          })
          .map((drawn): readonly NamespacedSpec[] => drawn),
      },
    ),
    destinationRules: fc.array(fc.tuple(fc.constantFrom("shop", "stock", "istio-system"), destinationRule), { maxLength: 3 }),
  })
  .map(({ virtualServices, delegation: pair, delegates, sidecars, destinationRules }) => [
    ...sidecars.map(([namespace, spec], index) => istio("Sidecar", namespace, `scope-${index}`, spec)),
    ...pair,
    ...delegates.map(([namespace, http, exportTo], index) => istio("VirtualService", namespace, `delegate-${index}`, { http, exportTo })),
    ...virtualServices.map(([namespace, spec], index) =>
      istio("VirtualService", namespace, `routing-${index}`, { ...spec, http: spec.http.map((own, at) => named(own, `${index}.${at}`)) }),
    ),
    ...destinationRules.map(([namespace, spec], index) => istio("DestinationRule", namespace, `policy-${index}`, spec)),
  ]);

/** Names tell in an answer which rule decided. */
function named(own: object, place: string): object {
  return "name" in own ? { ...own, name: `${own.name}-${place}` } : own;
}

function istio(kind: string, namespace: string, name: string, spec: object): KubernetesResource {
  return { apiVersion: "networking.istio.io/v1", kind, metadata: { name, namespace }, spec };
}
