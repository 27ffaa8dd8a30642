import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import { resourcesOf } from "../baselines.ts";
import { parseManifests } from "../kubernetes/manifests.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { explain, findSidecar } from "./explain.ts";
import { formatExplanation } from "./format.ts";

const MESH = parseMesh([
  {
    path: "mesh.yaml",
    text: `
apiVersion: puggle.dev/v1alpha1
kind: Mesh
services:
  - { name: web, namespace: shop }
  - { name: cart, namespace: shop, hosts: [cart.stage.internal], gateways: [istio-system/edge] }
  - { name: stock, namespace: shop }
externalHosts: [{ host: api.payments.example }]
virtualClusters:
  - { name: pr-42, members: [{ service: cart, image: i }] }
  - { name: blue, members: [{ service: cart, image: i }, { service: stock, image: i }] }
`,
  },
]);
const RESOURCES = resourcesOf(MESH);

function ask(service: string, url: string, virtualCluster?: string, headers: Record<string, string | string[]> = {}) {
  const from = findSidecar(RESOURCES, { namespace: "shop", service, ...(virtualCluster === undefined ? {} : { virtualCluster }) });
  return explain(RESOURCES, { from, url, headers });
}

describe("explain", () => {
  const named = (name: string) => ({ "Virtual-Cluster-Name": name });
  const cases: readonly [string, ReturnType<typeof ask>, string, string | null, string | null][] = [
    ["no header", ask("web", "http://cart/"), "baseline", "Deployment shop/cart", null],
    ["a member", ask("web", "http://cart/", undefined, named("pr-42")), "member", "Deployment shop/cart-pr-42", "pr-42"],
    ["a service miss", ask("web", "http://stock/", undefined, named("pr-42")), "baseline", "Deployment shop/stock", "pr-42"],
    ["an unknown virtual cluster", ask("web", "http://cart/", undefined, named("nobody")), "baseline", "Deployment shop/cart", "nobody"],
    ["a member's cron", ask("cart", "http://stock/", "blue"), "member", "Deployment shop/stock-blue", "blue"],
    [
      "a member that carries another's name",
      ask("cart", "http://cart/", "blue", named("pr-42")),
      "member",
      "Deployment shop/cart-pr-42",
      "pr-42",
    ],
    ["a host outside, from a member", ask("cart", "http://api.payments.example/", "blue"), "external", "", null],
    ["a host that nobody knows", ask("web", "http://example.org/", undefined, named("pr-42")), "external", "", null],
    [
      "the members' Service itself, with a name",
      ask("web", "http://cart-members/", undefined, named("pr-42")),
      "member",
      "Deployment shop/cart-pr-42",
      "pr-42",
    ],
    ["the members' Service itself, without one", ask("web", "http://cart-members/"), "baseline", "Deployment shop/cart", null],
    ["a port that the sidecar does not read", ask("cart", "http://example.org:9999/", "blue", named("pr-42")), "external", "", "pr-42"],
    ["a prefix of a name", ask("web", "http://cart/", undefined, named("pr-4")), "baseline", "Deployment shop/cart", "pr-4"],
    [
      "a header sent twice",
      ask("web", "http://cart/", undefined, { "virtual-cluster-name": ["x", "pr-42"] }),
      "member",
      "Deployment shop/cart-pr-42",
      "x,pr-42",
    ],
  ];
  it.each(cases)("%s", (_, explanation, outcome, workload, header) => {
    expect(explanation.outcome).toBe(outcome);
    expect(
      explanation.destinations
        .flatMap(({ workloads }) => workloads.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`))
        .join(),
    ).toBe(workload);
    expect(explanation.headerOnArrival).toBe(header);
  });

  it("names the rule and says why, for a person", () => {
    expect(formatExplanation(ask("web", "http://cart/items", undefined, named("pr-42")))).toMatchInlineSnapshot(`
      "GET http://cart/items
        virtual-cluster-name: pr-42

        from        Deployment shop/web
        goes to     Deployment shop/cart-pr-42 (subset pr-42 of cart-members.shop.svc.cluster.local:80)
        decided by  VirtualService shop/cart, rule 2 "puggle/pr-42/80"
        arrives     with virtual-cluster-name: pr-42

        why
        1. The request carries virtual-cluster-name: pr-42.
        2. cart on port 80 belongs to VirtualService shop/cart.
        3. Route puggle-no-virtual-cluster/80 does not match: virtual-cluster-name is "pr-42", and the route is for requests without it.
        4. Route puggle/blue/80 does not match: virtual-cluster-name is "pr-42", not "blue".
        5. Route puggle/pr-42/80 matches: rule 2 of VirtualService shop/cart.
        6. It goes to subset pr-42 of cart-members.shop.svc.cluster.local:80.
      "
    `);
  });

  it("says what a member's sidecar stamps, and what is taken off on the way out", () => {
    expect(formatExplanation(ask("cart", "http://api.payments.example/charge", "blue"))).toMatchInlineSnapshot(`
      "GET http://api.payments.example/charge

        from        Deployment shop/cart-blue
        goes to     api.payments.example:80, out of the mesh
        decided by  the mesh itself
        arrives     with no virtual-cluster-name

        why
        1. The request has no virtual-cluster-name, and EnvoyFilter shop/cart-blue stamps blue on what its workload sends.
        2. No VirtualService has api.payments.example on port 80.
        3. It goes out of the mesh, to api.payments.example:80.
        4. EnvoyFilter istio-system/puggle-header-boundary takes virtual-cluster-name off before it leaves.
      "
    `);
  });

  it("is plain data that JSON keeps whole", () => {
    const explanation = ask("web", "http://cart/", undefined, named("blue"));
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
    expect(explanation.decidedBy).toEqual({ kind: "VirtualService", namespace: "shop", name: "cart", rule: 1, ruleName: "puggle/blue/80" });
  });

  it("says what the proxy answers by itself", () => {
    const [theirs] = parseManifests([
      {
        path: "vs.yaml",
        text: "{ apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: { name: theirs, namespace: shop }, spec: { hosts: [old.stage.internal], http: [{ redirect: { uri: /new } }] } }",
      },
    ]);
    const from = findSidecar(RESOURCES, { namespace: "shop", service: "web" });
    const explanation = explain(theirs === undefined ? RESOURCES : [...RESOURCES, theirs], { from, url: "http://old.stage.internal/" });
    expect(explanation.outcome).toBe("answered");
    expect(explanation.responses).toEqual([
      { status: 301, grpcStatus: null, location: "http://old.stage.internal/new", probability: 1, because: "redirect" },
    ]);
    expect(formatExplanation(explanation)).toContain("nowhere: the proxy answers 301 (a redirect to http://old.stage.internal/new)");
  });

  const theirs = (kind: string, name: string, spec: string, group = "networking.istio.io/v1") =>
    parseManifests([
      { path: "m.yaml", text: `{ apiVersion: ${group}, kind: ${kind}, metadata: { name: ${name}, namespace: shop }, spec: ${spec} }` },
    ]);
  const from = findSidecar(RESOURCES, { namespace: "shop", service: "web" });
  const toCart = "route: [{ destination: { host: cart } }]";

  const warned: readonly [string, readonly KubernetesResource[], string, RegExp, string][] = [
    [
      "a rule before the one that decided",
      theirs(
        "VirtualService",
        "old",
        `{ hosts: [old.internal], http: [{ match: [{ uri: { exact: /A }, soon: true }], ${toCart} }, { ${toCart} }] }`,
      ),
      "http://old.internal/a",
      /http\.0\.match\.0\.soon: is not compiled, and may decide otherwise/,
      "baseline",
    ],
    [
      "a regular expression that Envoy does not take",
      theirs(
        "VirtualService",
        "old",
        `{ hosts: [old.internal], http: [{ match: [{ uri: { regex: "/(?!x).*" } }], ${toCart} }, { ${toCart} }] }`,
      ),
      "http://old.internal/a",
      /has the regular expression \/\(\?!x\)\.\*, which Envoy does not take/,
      "baseline",
    ],
    [
      "a Sidecar with a listener of its own",
      theirs("Sidecar", "scope", "{ egress: [{ port: { number: 80, protocol: HTTP }, hosts: ['*/*'] }, { hosts: ['*/*'] }] }"),
      "http://cart/",
      /Sidecar shop\/scope, spec\.egress\.0\.port: is not compiled/,
      "baseline",
    ],
    [
      "an HTTPRoute",
      theirs("HTTPRoute", "r", "{}", "gateway.networking.k8s.io/v1"),
      "http://cart/",
      /HTTPRoute shop\/r: is not compiled/,
      "baseline",
    ],
    [
      "a DestinationRule that can not be read",
      theirs("DestinationRule", "d", "{ host: 1 }"),
      "http://cart/",
      /DestinationRule shop\/d, spec\.host/,
      "baseline",
    ],
    [
      "a header that leaves the mesh",
      theirs("ServiceEntry", "pay", "{ hosts: [pay.example], ports: [{ number: 80, protocol: HTTP }] }"),
      "http://pay.example/",
      /virtual-cluster-name leaves the mesh with this request/,
      "external",
    ],
  ];
  it.each(warned)("warns of %s", (_, resources, url, warning, outcome) => {
    const explanation = explain([...RESOURCES, ...resources], { from, url, headers: named("unknown") });
    expect(explanation.warnings).toEqual([expect.stringMatching(warning)]);
    expect(explanation.outcome).toBe(outcome);
  });

  it("gives every outcome its share: faults, weights, mirrors, and how the request is passed on", () => {
    const spec = `{ hosts: [split.internal], http: [{
      fault: { delay: { percentage: { value: 10 }, fixedDelay: 0.5s }, abort: { percentage: { value: 25 }, grpcStatus: UNAVAILABLE } },
      rewrite: { uri: /v2, authority: cart.internal }, mirror: { host: web }, mirrorPercentage: { value: 1 },
      route: [{ destination: { host: cart }, weight: 80 }, { destination: { host: web }, weight: 20 }] }] }`;
    const explanation = explain([...RESOURCES, ...theirs("VirtualService", "split", spec)], { from, url: "http://split.internal/a?b=1" });
    expect(explanation.responses).toEqual([{ status: 200, grpcStatus: 14, location: null, probability: 0.25, because: "fault" }]);
    expect(explanation.destinations.map(({ host, probability }) => [host, probability])).toEqual([
      ["cart.shop.svc.cluster.local", 0.75 * 0.8],
      ["web.shop.svc.cluster.local", 0.75 * 0.2],
    ]);
    expect(explanation.delay).toEqual({ milliseconds: 500, probability: 0.1 });
    expect(explanation.mirrors.map(({ host, probability }) => [host, probability])).toEqual([["web.shop.svc.cluster.local", 0.01]]);
    expect(explanation.forwarded).toEqual({ path: "/v2a?b=1", host: "cart.internal" });
    expect(explanation.warnings).toEqual([]);
  });

  it("does not guess what answers behind a Service without a selector, or a ServiceEntry inside the mesh", () => {
    const byHand = theirs("Service", "db", "{ ports: [{ port: 80 }] }", "v1");
    const inside = theirs(
      "ServiceEntry",
      "vm",
      "{ hosts: [vm.example], location: MESH_INTERNAL, ports: [{ number: 80, protocol: HTTP }] }",
    );
    for (const url of ["http://db/", "http://vm.example/"])
      expect(explain([...RESOURCES, ...byHand, ...inside], { from, url }).outcome).toBe("undetermined");
  });

  it("merges the VirtualServices of one host on a gateway, and leaves what takes everything to the last", () => {
    const gateway = { kind: "gateway", namespace: "istio-system", labels: {}, gateway: "istio-system/edge" } as const;
    const both = [
      ...theirs("VirtualService", "a", `{ hosts: [old.internal], gateways: [istio-system/edge], http: [{ ${toCart} }] }`),
      ...theirs(
        "VirtualService",
        "b",
        "{ hosts: [old.internal], gateways: [istio-system/edge], http: [{ match: [{ uri: { prefix: /b } }], route: [{ destination: { host: stock } }] }] }",
      ),
    ];
    const destination = (path: string) =>
      explain([...RESOURCES, ...both], { from: gateway, url: `http://old.internal${path}` }).destinations[0]?.host;
    expect([destination("/b"), destination("/c")]).toEqual(["stock.shop.svc.cluster.local", "cart.shop.svc.cluster.local"]);
  });

  it("answers for a gateway", () => {
    const from = { kind: "gateway", namespace: "istio-system", labels: {}, gateway: "istio-system/edge" } as const;
    expect(explain(RESOURCES, { from, url: "http://cart.stage.internal/", headers: named("blue") }).outcome).toBe("member");
    expect(explain(RESOURCES, { from, url: "http://web.shop.svc.cluster.local/" }).outcome).toBe("no-route");
  });

  const refusals: readonly [string, () => unknown, string, RegExp][] = [
    ["text that is no URL", () => ask("web", "cart/items"), "invalid-request", /write it whole/],
    [
      "a control character in a header",
      () => ask("web", "http://cart/", undefined, named("pr\u0001")),
      "invalid-request",
      /control character; Envoy answers 400/,
    ],
    ["TLS", () => ask("web", "https://cart/"), "invalid-request", /can not read the header inside TLS/],
    [
      "a workload that is not there",
      () => ask("crat", "http://cart/"),
      "unknown-workload",
      /shop\/crat is known; in namespace shop there are cart, cart-blue/,
    ],
  ];
  it.each(refusals)("refuses %s", (_, act, code, message) => {
    expect(act).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

describe("explain, where a Sidecar tells the caller of little", () => {
  const ask = (spec: string, url: string) => {
    const text = `apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: { name: scope, namespace: shop }\nspec: ${spec}\n`;
    const resources = [...RESOURCES, ...parseManifests([{ path: "sidecar.yaml", text }])];
    return explain(resources, {
      from: findSidecar(resources, { namespace: "shop", service: "web" }),
      url,
      headers: { "virtual-cluster-name": "pr-42" },
    });
  };

  it("lets it reach what it is told of", () => {
    expect(
      ask("{ egress: [{ hosts: ['./cart.shop.svc.cluster.local', './cart-members.shop.svc.cluster.local'] }] }", "http://cart/").outcome,
    ).toBe("member");
  });

  it("has it pass the rest through, and says why", () => {
    const { outcome, steps } = ask("{ egress: [{ hosts: ['./stock.shop.svc.cluster.local'] }] }", "http://cart/");
    expect(outcome).toBe("external");
    expect(steps).toContain("Sidecar shop/scope does not tell this sidecar of cart on port 80.");
  });

  it("has it refuse the rest where nothing unknown is let out", () => {
    const { outcome, responses } = ask(
      "{ egress: [{ hosts: ['./stock.shop.svc.cluster.local'] }], outboundTrafficPolicy: { mode: REGISTRY_ONLY } }",
      "http://cart/",
    );
    expect([outcome, responses[0]?.status]).toEqual(["answered", 502]);
  });
});

describe("explain, where a rule changes the header", () => {
  const ask = (headers: string, carried: Record<string, string>) => {
    const to = "route: [{ destination: { host: stock } }]";
    const text = `{ apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: { name: old, namespace: shop }, spec: { hosts: [old.internal], http: [{ ${headers}${to} }] } }`;
    const resources = [...RESOURCES, ...parseManifests([{ path: "vs.yaml", text }])];
    return explain(resources, {
      from: findSidecar(resources, { namespace: "shop", service: "web" }),
      url: "http://old.internal/",
      headers: carried,
    }).headerOnArrival;
  };
  const named = { "virtual-cluster-name": "pr-42" };

  it.each([
    ["removes it", "headers: { request: { remove: [Virtual-Cluster-Name] } }, ", named, null],
    ["sets it", "headers: { request: { set: { virtual-cluster-name: blue } } }, ", named, "blue"],
    ["sets it on what has none", "headers: { request: { set: { virtual-cluster-name: blue } } }, ", {}, "blue"],
    ["adds to it", "headers: { request: { add: { virtual-cluster-name: blue } } }, ", named, "pr-42,blue"],
    ["changes others", "headers: { request: { set: { x: y } } }, ", named, "pr-42"],
  ])("says with what it arrives: %s", (_, headers, carried, expected) => {
    expect(ask(headers, carried as Record<string, string>)).toBe(expected);
  });
});
