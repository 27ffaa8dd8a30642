import { describe, expect, it } from "vitest";
import { type RoutedRequest, route } from "./route.ts";
import { USUAL_FORWARDING } from "./rules/forwarding.ts";
import { NO_HEADER_CHANGES } from "./rules/header-changes.ts";
import type { Cluster, RouteMatch, RouteTable } from "./table.ts";

const CLUSTERS: readonly Cluster[] = ["matched", "fallback"].map((name) => ({
  name,
  host: name,
  port: 80,
  subset: undefined,
  protocol: "http",
  endpoints: { kind: "passthrough" },
}));

function table(match: Partial<RouteMatch>, domains: readonly string[] = ["cart"]): RouteTable {
  const anything: RouteMatch = { path: undefined, ignoresPathCase: false, headers: [], queryParameters: [] };
  const to = (cluster: string) => [{ cluster, weight: 1 }];
  const plain = {
    forwarding: USUAL_FORWARDING,
    answer: undefined,
    choice: undefined,
    headers: NO_HEADER_CHANGES,
    fault: undefined,
    cors: undefined,
  };
  const routes = [
    { name: "first", match: { ...anything, ...match }, destinations: to("matched"), ...plain, source: undefined },
    { name: "last", match: anything, destinations: to("fallback"), ...plain, source: undefined },
  ];
  return {
    proxy: { kind: "sidecar", namespace: "shop", labels: {} },
    stamp: undefined,
    ports: [{ port: 80, virtualHosts: domains.map((domain) => ({ name: domain, domains: [domain], routes, removedHeaders: [] })) }],
    opaque: [{ port: 5432, domains: ["db"], cluster: "fallback" }],
    unknown: "PassthroughCluster",
    scope: undefined,
    clusters: new Map(CLUSTERS.map((cluster) => [cluster.name, cluster])),
    unread: [],
  };
}

const REQUEST: RoutedRequest = { method: "GET", host: "cart", port: 80, path: "/items?a=1", headers: { x: "vc1" } };

describe("a route matches", () => {
  const header = (match: RouteMatch["headers"][number]["match"], isInverted = false) => ({ headers: [{ name: "x", match, isInverted }] });
  const exact = { kind: "exact", value: "vc1" } as const;
  const query = (match: RouteMatch["queryParameters"][number]["match"], name = "a") => ({ queryParameters: [{ name, match }] });
  const cases: readonly [string, Partial<RouteMatch>, Partial<RoutedRequest>, boolean][] = [
    ["an exact header", header(exact), {}, true],
    ["not a longer one", header(exact), { headers: { x: "vc10" } }, false],
    ["not one in another case", header(exact), { headers: { x: "VC1" } }, false],
    ["not an absent one", header(exact), { headers: {} }, false],
    ["one line of several", header(exact), { headers: { x: ["vc0", "vc1"] } }, true],
    ["not lines that a client joined with a comma", header(exact), { headers: { x: "vc0,vc1" } }, false],
    ["an inverted match where no line matches", header(exact, true), { headers: { x: ["vc0", "vc2"] } }, true],
    ["no inverted match where one line matches", header(exact, true), { headers: { x: ["vc0", "vc1"] } }, false],
    ["an inverted match where the header is absent", header(exact, true), { headers: {} }, true],
    ["presence, be it empty", header({ kind: "present" }), { headers: { x: "" } }, true],
    ["absence", header({ kind: "present" }, true), { headers: {} }, true],
    ["no absence where it is empty", header({ kind: "present" }, true), { headers: { x: "" } }, false],
    ["a regular expression over the whole", header({ kind: "regex", value: "vc[0-9]" }), {}, true],
    ["no regular expression over a part", header({ kind: "regex", value: "vc[0-9]" }), { headers: { x: "vc12" } }, false],
    ["an exact path without its query", { path: { kind: "exact", value: "/items" } }, {}, true],
    ["a prefix", { path: { kind: "prefix", value: "/it" } }, {}, true],
    ["not a prefix in another case", { path: { kind: "prefix", value: "/It" } }, {}, false],
    [
      "the authority without the port of plain HTTP",
      { headers: [{ name: ":authority", match: { kind: "exact", value: "cart" }, isInverted: false }] },
      {},
      true,
    ],
    ["the method", { headers: [{ name: ":method", match: { kind: "exact", value: "GET" }, isInverted: false }] }, {}, true],
    ["a query parameter", query({ kind: "exact", value: "1" }), {}, true],
    ["not another value of it", query({ kind: "exact", value: "2" }), {}, false],
    ["not one that is absent", query({ kind: "present" }, "b"), {}, false],
  ];
  it.each(cases)("%s", (_, match, request, isMatch) => {
    const { route: decided } = route(table(match), { ...REQUEST, ...request });
    expect(decided?.name).toBe(isMatch ? "first" : "last");
  });
});

describe("a virtual host is chosen", () => {
  const domains = ["*", "*.internal", "*.stage.internal", "cart.stage.internal"];
  const cases: readonly [string, string][] = [
    ["cart.stage.internal", "cart.stage.internal"],
    ["CART.stage.internal", "cart.stage.internal"],
    ["web.stage.internal", "*.stage.internal"],
    ["web.internal", "*.internal"],
    ["example.org", "*"],
  ];
  it.each(cases)("%s by the most specific domain", (host, expected) => {
    expect(route(table({}, domains), { ...REQUEST, host }).virtualHost?.name).toBe(expected);
  });

  it("or none where no domain fits", () => {
    expect(route(table({}), { ...REQUEST, host: "web" })).toMatchObject({ virtualHost: undefined, destinations: [], isOpaque: false });
  });

  it("or none where the sidecar does not read the request: nothing is matched, stamped or taken off", () => {
    const stamp = { header: "y", value: "vc1", source: { kind: "EnvoyFilter", namespace: "shop", name: "cart-vc1" } };
    expect(route({ ...table({}), stamp }, { ...REQUEST, host: "DB", port: 5432 })).toMatchObject({
      isOpaque: true,
      stamped: undefined,
      removedHeaders: [],
      destinations: [{ cluster: { name: "fallback" } }],
    });
  });
});

describe("a decision", () => {
  it("tells what was tried before, and why it was not taken", () => {
    const match = { path: { kind: "exact", value: "/other" } } as const;
    expect(route(table(match), REQUEST).passedOver).toEqual([expect.objectContaining({ why: 'path /items is not "/other"' })]);
  });

  it("gives each destination its share", () => {
    const weighted = table({});
    const [host] = weighted.ports[0]?.virtualHosts ?? [];
    Object.assign(host?.routes[0] ?? {}, {
      destinations: [
        { cluster: "matched", weight: 30 },
        { cluster: "fallback", weight: 10 },
      ],
    });
    expect(route(weighted, REQUEST).destinations.map(({ cluster, probability }) => [cluster.name, probability])).toEqual([
      ["matched", 0.75],
      ["fallback", 0.25],
    ]);
  });

  it("is refused for a path that is none", () => {
    expect(() => route(table({}), { ...REQUEST, path: "items" })).toThrow(expect.objectContaining({ code: "invalid-request" }));
  });
});
