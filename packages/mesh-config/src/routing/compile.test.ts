import { describe, expect, it } from "vitest";
import { parseManifests } from "../kubernetes/manifests.ts";
import { compile } from "./compile.ts";
import { route } from "./route.ts";
import type { MeshProxy } from "./table.ts";

const SERVICE = (name: string, namespace = "shop", ports = "[{ port: 80, name: http }]") => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { selector: { app: ${name} }, ports: ${ports} }`;

const VIRTUAL_SERVICE = (name: string, spec: string, namespace = "shop") => `
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}`;

const DESTINATION_RULE = (name: string, namespace: string, subsets: string) => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: ${namespace} }
spec: { host: cart.shop.svc.cluster.local, subsets: ${subsets} }`;

const WEB: MeshProxy = { kind: "sidecar", namespace: "shop", labels: { app: "web" } };
const ELSEWHERE: MeshProxy = { kind: "sidecar", namespace: "tools", labels: { app: "probe" } };

function resources(text: string) {
  return parseManifests([{ path: "manifests.yaml", text }]);
}

/** The clusters that a GET of / on the host may reach, and what became of the header. */
function destination(
  text: string,
  request: { host: string; port?: number; path?: string; headers?: Record<string, string | string[]> },
  proxy = WEB,
) {
  const decision = route(compile(resources(text), proxy), { method: "GET", port: 80, path: "/", headers: {}, ...request });
  if (decision.route === undefined && !decision.isOpaque) return "404";
  return `${decision.isOpaque ? "unread " : ""}${decision.destinations.map(({ cluster }) => cluster.name).join()}`;
}

describe("a sidecar", () => {
  const cases: readonly [string, string, Parameters<typeof destination>[1], string, MeshProxy?][] = [
    [
      "routes a host that has no VirtualService to its Service",
      SERVICE("cart"),
      { host: "cart.shop.svc.cluster.local" },
      "outbound|80||cart.shop.svc.cluster.local",
    ],
    [
      "knows a service of its own namespace by its first name",
      SERVICE("cart"),
      { host: "cart" },
      "outbound|80||cart.shop.svc.cluster.local",
    ],
    ["does not know one of another namespace by its first name", SERVICE("cart"), { host: "cart" }, "PassthroughCluster", ELSEWHERE],
    ["knows it by name and namespace", SERVICE("cart"), { host: "Cart.Shop" }, "outbound|80||cart.shop.svc.cluster.local", ELSEWHERE],
    ["passes through what the mesh does not know", SERVICE("cart"), { host: "example.org" }, "PassthroughCluster"],
    [
      "stops at the first rule that takes everything",
      SERVICE("cart") +
        VIRTUAL_SERVICE(
          "cart",
          "{ hosts: [cart], http: [{ route: [{ destination: { host: one } }] }, { match: [{ uri: { prefix: /a } }], route: [{ destination: { host: two } }] }] }",
        ),
      { host: "cart", path: "/a" },
      "outbound|80||one.shop.svc.cluster.local",
    ],
    [
      "completes short destinations with the namespace of the rule",
      SERVICE("cart") +
        VIRTUAL_SERVICE("cart", "{ hosts: [cart.shop.svc.cluster.local], http: [{ route: [{ destination: { host: cart } }] }] }", "tools"),
      { host: "cart" },
      "outbound|80||cart.tools.svc.cluster.local",
    ],
    [
      "takes the first of two VirtualServices of one host, by name where their age is not known",
      SERVICE("cart") +
        VIRTUAL_SERVICE("b", "{ hosts: [cart], http: [{ route: [{ destination: { host: second } }] }] }") +
        VIRTUAL_SERVICE("a", "{ hosts: [cart], http: [{ route: [{ destination: { host: first } }] }] }"),
      { host: "cart" },
      "outbound|80||first.shop.svc.cluster.local",
    ],
    [
      "leaves out a VirtualService that is bound to gateways only",
      SERVICE("cart") +
        VIRTUAL_SERVICE("cart", "{ hosts: [cart], gateways: [edge], http: [{ route: [{ destination: { host: other } }] }] }"),
      { host: "cart" },
      "outbound|80||cart.shop.svc.cluster.local",
    ],
    [
      "leaves out rules for other callers",
      SERVICE("cart") +
        VIRTUAL_SERVICE(
          "cart",
          "{ hosts: [cart], http: [{ match: [{ sourceLabels: { app: other } }, { sourceNamespace: tools }], route: [{ destination: { host: theirs } }] }, { route: [{ destination: { host: ours } }] }] }",
        ),
      { host: "cart" },
      "outbound|80||ours.shop.svc.cluster.local",
    ],
    [
      "gives a host that nobody registered the ports of its VirtualService's services",
      SERVICE("cart", "shop", "[{ port: 8080, name: http }]") +
        VIRTUAL_SERVICE("cart", "{ hosts: [cart, cart.stage.internal], http: [{ route: [{ destination: { host: cart } }] }] }"),
      { host: "cart.stage.internal", port: 8080 },
      "outbound|8080||cart.shop.svc.cluster.local",
    ],
    [
      "gives a host that nobody registered port 80 too",
      SERVICE("cart", "shop", "[{ port: 8080, name: http }]") +
        VIRTUAL_SERVICE(
          "cart",
          "{ hosts: [cart, cart.stage.internal], http: [{ route: [{ destination: { host: cart, port: { number: 8080 } } }] }] }",
        ),
      { host: "cart.stage.internal" },
      "outbound|8080||cart.shop.svc.cluster.local",
    ],
    [
      "and, on port 80, by its full name a registered one that has another port",
      SERVICE("cart", "shop", "[{ port: 8080, name: http }]") +
        VIRTUAL_SERVICE("cart", "{ hosts: [cart], http: [{ route: [{ destination: { host: cart, port: { number: 8080 } } }] }] }"),
      { host: "cart.shop.svc.cluster.local" },
      "outbound|8080||cart.shop.svc.cluster.local",
    ],
    [
      "takes the port that the caller asked for where a destination names none",
      SERVICE("cart") +
        SERVICE("other", "shop", "[{ port: 8080, name: http }]") +
        VIRTUAL_SERVICE("cart", "{ hosts: [cart], http: [{ route: [{ destination: { host: other } }] }] }"),
      { host: "cart" },
      "outbound|80||other.shop.svc.cluster.local",
    ],
    [
      "leaves a service to itself where none of its VirtualService's rules is for the port",
      SERVICE("cart") +
        VIRTUAL_SERVICE("cart", "{ hosts: [cart], http: [{ match: [{ port: 8080 }], route: [{ destination: { host: other } }] }] }"),
      { host: "cart" },
      "outbound|80||cart.shop.svc.cluster.local",
    ],
    [
      "knows a service by its name with the last dot",
      SERVICE("cart"),
      { host: "cart.shop.svc.cluster.local." },
      "outbound|80||cart.shop.svc.cluster.local",
    ],
    [
      "does not read what goes to a port that does not speak HTTP",
      SERVICE("cart", "shop", "[{ port: 80, name: http }, { port: 5432, name: tcp-db }]"),
      { host: "cart", port: 5432 },
      "unread outbound|5432||cart.shop.svc.cluster.local",
    ],
    [
      "does not read what goes to a port on which nothing speaks HTTP",
      SERVICE("cart"),
      { host: "example.org", port: 8081 },
      "unread PassthroughCluster",
    ],
    [
      "answers 404 where a host is known and no rule matches",
      SERVICE("cart") +
        VIRTUAL_SERVICE("cart", "{ hosts: [cart], http: [{ match: [{ uri: { exact: /a } }], route: [{ destination: { host: cart } }] }] }"),
      { host: "cart", path: "/b" },
      "404",
    ],
  ];
  it.each(cases)("%s", (_, text, request, expected, proxy) => {
    expect(destination(text, request, proxy)).toBe(expected);
  });
});

describe("subsets", () => {
  const TO_SUBSET =
    SERVICE("cart") + VIRTUAL_SERVICE("cart", "{ hosts: [cart], http: [{ route: [{ destination: { host: cart, subset: vc1 } }] }] }");
  const endpoints = (text: string, proxy: MeshProxy = WEB) =>
    compile(resources(text), proxy).clusters.get("outbound|80|vc1|cart.shop.svc.cluster.local")?.endpoints;

  it("add their labels to the Service's selector", () => {
    expect(endpoints(TO_SUBSET + DESTINATION_RULE("cart", "shop", "[{ name: vc1, labels: { version: vc1 } }]"))).toEqual({
      kind: "pods",
      namespace: "shop",
      labels: { app: "cart", version: "vc1" },
    });
  });

  it("of several DestinationRules in one namespace are merged", () => {
    const rules =
      DESTINATION_RULE("a", "shop", "[{ name: vc0, labels: { version: vc0 } }]") +
      DESTINATION_RULE("b", "shop", "[{ name: vc1, labels: { version: vc1 } }]");
    expect(endpoints(TO_SUBSET + rules)).toMatchObject({ labels: { version: "vc1" } });
  });

  it("of the caller's own namespace hide those of the service's", () => {
    const rules =
      DESTINATION_RULE("a", "tools", "[{ name: other, labels: {} }]") +
      DESTINATION_RULE("b", "shop", "[{ name: vc1, labels: { version: vc1 } }]");
    expect(endpoints(TO_SUBSET + rules, ELSEWHERE)).toMatchObject({ kind: "none", why: expect.stringContaining("has a subset vc1") });
    expect(endpoints(TO_SUBSET + rules)).toMatchObject({ kind: "pods" });
  });

  it("may be those of a wildcard, where the host has no rule of its own in that namespace", () => {
    const wildcard = DESTINATION_RULE("all", "shop", "[{ name: vc1, labels: { version: wild } }]")
      .replace("cart.shop.svc", "'*.shop.svc")
      .replace("local,", "local',");
    const own = DESTINATION_RULE("cart", "shop", "[{ name: vc1, labels: { version: vc1 } }]");
    expect(endpoints(TO_SUBSET + wildcard)).toMatchObject({ labels: { version: "wild" } });
    expect(endpoints(TO_SUBSET + wildcard + own)).toMatchObject({ labels: { version: "vc1" } });
  });

  it("that nobody defines have no endpoint", () => {
    expect(endpoints(TO_SUBSET)).toEqual({ kind: "none", why: "no DestinationRule for cart.shop.svc.cluster.local has a subset vc1" });
  });
});

describe("a gateway", () => {
  const EDGE: MeshProxy = { kind: "gateway", namespace: "istio-system", labels: {}, gateway: "shop/edge" };
  const text =
    SERVICE("cart") +
    VIRTUAL_SERVICE(
      "cart",
      "{ hosts: [cart.example.com], gateways: [mesh, edge], http: [{ match: [{ gateways: [mesh] }], route: [{ destination: { host: inside } }] }, { route: [{ destination: { host: cart } }] }] }",
    );

  it("knows the hosts of the VirtualServices that are bound to it, by the rules meant for it", () => {
    expect(destination(text, { host: "cart.example.com", port: 443 }, EDGE)).toBe("outbound|80||cart.shop.svc.cluster.local");
  });

  it("opens the ports of its Gateway", () => {
    const gateway =
      "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: edge, namespace: shop }\nspec: { servers: [{ port: { number: 8443 }, hosts: ['*'] }] }";
    expect(destination(`${text}\n${gateway}`, { host: "cart.example.com", port: 8443 }, EDGE)).toBe(
      "outbound|80||cart.shop.svc.cluster.local",
    );
    expect(destination(`${text}\n${gateway}`, { host: "cart.example.com", port: 443 }, EDGE)).toBe("404");
  });

  it("knows nothing else", () => {
    expect(destination(text, { host: "cart.shop.svc.cluster.local" }, EDGE)).toBe("404");
  });
});

describe("what is not compiled", () => {
  it("is named, so that nobody takes the answer for more than it is", () => {
    const text =
      SERVICE("cart") +
      VIRTUAL_SERVICE(
        "cart",
        "{ hosts: [cart], soon: [.], http: [{ match: [{ uri: { exact: /A }, never: true }], later: 3s, route: [{ destination: { host: cart } }] }] }",
      ) +
      `
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: theirs, namespace: shop }
spec: { configPatches: [{ applyTo: HTTP_FILTER, match: { context: SIDECAR_OUTBOUND }, patch: { operation: INSERT_FIRST, value: { name: custom } } }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: broken, namespace: shop }
spec: { subsets: [] }`;
    expect(compile(resources(text), WEB).unread.map(({ resource, field }) => `${resource.name} ${field}`)).toEqual([
      "broken spec.host",
      "cart spec.soon",
      "cart spec.http.0.later",
      "cart spec.http.0.match.0.never",
      "theirs spec.configPatches.0",
    ]);
  });
});

describe("a sidecar that its Sidecar tells of nothing but some rules", () => {
  const SIDECAR = `
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: web, namespace: shop }
spec: { egress: [{ hosts: ["./front.shop.svc.cluster.local"] }] }`;
  const DESTINATION_POLICY = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart, namespace: shop }
spec: { host: cart, trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } } }`;

  it.each([
    ["by a rule that names no port", "{ host: cart }", true],
    ["by a rule that names a port of it", "{ host: cart, port: { number: 90 } }", true],
    ["not by a rule that names a port which it has not", "{ host: cart, port: { number: 70 } }", false],
  ])("learns of a Service, and of its policies, %s", (_, destination, isKnown) => {
    const ports = "[{ port: 80, name: http }, { port: 90, name: http-admin }]";
    const rules = VIRTUAL_SERVICE("front", `{ hosts: [front], http: [{ route: [{ destination: ${destination} }] }] }`);
    const table = compile(resources(SERVICE("front") + SERVICE("cart", "shop", ports) + rules + DESTINATION_POLICY + SIDECAR), WEB);
    const routes = table.ports.flatMap(({ virtualHosts }) => virtualHosts.flatMap((host) => host.routes));
    const policies = routes.flatMap(({ forwarding }) => forwarding?.hashPolicies ?? []);
    expect(policies.some(({ kind }) => kind === "source-address")).toBe(isKnown);
  });
});
