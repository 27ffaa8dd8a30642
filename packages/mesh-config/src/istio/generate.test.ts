import { parseMesh } from "@puggle/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseManifests } from "../kubernetes/manifests.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { matchesSelector } from "../kubernetes/resource.ts";
import { generate } from "../output/files.ts";
import { compile } from "../routing/compile.ts";
import { route } from "../routing/route.ts";
import { generateIstio } from "./generate.ts";

const HEAD = "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\n";

const SHOP = `${HEAD}
services:
  - name: cart
    namespace: shop
    hosts: [cart.stage.internal]
    gateways: [istio-system/edge]
    ports: [{ number: 80, targetPort: 8080 }]
    selector: { app: cart, tier: backend }
  - name: web
    namespace: shop
virtualClusters:
  - name: pr-42
    members:
      - { service: cart, image: "cart:pr-42", replicas: 2, env: { LOG_LEVEL: debug } }
  - name: blue
    members: [{ service: cart, image: "cart:blue" }]
`;

const CART_DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart-deployment
  namespace: shop
  uid: 1b4e28ba
  resourceVersion: "77"
  labels: { app: cart, team: checkout }
  annotations: { deployment.kubernetes.io/revision: "4", team.example/owner: ada }
spec:
  replicas: 5
  strategy: { type: Recreate }
  selector: { matchLabels: { app: cart, release: stable } }
  template:
    metadata:
      labels: { app: cart, tier: backend, release: stable, version: default, team: checkout }
      annotations: { sidecar.istio.io/proxyCPU: 100m }
    spec:
      serviceAccountName: cart
      containers:
        - name: log-shipper
          image: shipper:1
        - name: cart
          image: cart:main
          env:
            - { name: LOG_LEVEL, value: info }
            - { name: DATABASE, valueFrom: { secretKeyRef: { name: db, key: url } } }
      volumes: [{ name: scratch, emptyDir: {} }]
status: { readyReplicas: 5 }
`;

function find(resources: readonly KubernetesResource[], kind: string, name: string): KubernetesResource {
  const found = resources.find((resource) => resource.kind === kind && resource.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

function mesh(text: string) {
  return parseMesh([{ path: "mesh.yaml", text }]);
}

function manifests(text: string) {
  return parseManifests([{ path: "manifests.yaml", text }]);
}

describe("the VirtualService of a service", () => {
  const resources = generateIstio(mesh(SHOP));

  it("spares baseline traffic the comparison with every member, then has a route a member by name, then the baseline", () => {
    const { spec } = find(resources, "VirtualService", "cart") as unknown as { spec: { http: { name: string }[] } };
    expect(spec.http.map(({ name }) => name)).toEqual([
      "puggle-no-virtual-cluster/80",
      "puggle/blue/80",
      "puggle/pr-42/80",
      "puggle-baseline/80",
      "puggle-no-virtual-cluster/gateway",
      "puggle/blue/gateway",
      "puggle/pr-42/gateway",
      "puggle-baseline/gateway",
    ]);
    expect(spec).toMatchObject({ gateways: ["mesh", "istio-system/edge"] });
    expect(spec.http[0]).toMatchObject({ match: [{ port: 80, gateways: ["mesh"], withoutHeaders: { "virtual-cluster-name": {} } }] });
    expect(spec.http[2]).toMatchObject({
      match: [{ port: 80, gateways: ["mesh"], headers: { "virtual-cluster-name": { exact: "pr-42" } } }],
      route: [{ destination: { host: "cart-members.shop.svc.cluster.local", subset: "pr-42", port: { number: 80 } } }],
    });
  });

  it("has the hosts of the service, and that of its members, so that a request there does not reach just any of them", () => {
    expect(find(resources, "VirtualService", "cart").spec).toMatchObject({
      hosts: ["cart.shop.svc.cluster.local", "cart-members.shop.svc.cluster.local", "cart.stage.internal"],
    });
  });

  it("leads to the baseline alone where the service has further hosts and no member", () => {
    const text = `${HEAD}services: [{ name: web, namespace: shop, hosts: [web.stage.internal] }]`;
    expect(find(generateIstio(mesh(text)), "VirtualService", "web").spec).toEqual({
      hosts: ["web.shop.svc.cluster.local", "web.stage.internal"],
      http: [
        {
          name: "puggle-baseline",
          match: [{ port: 80 }],
          route: [{ destination: { host: "web.shop.svc.cluster.local", port: { number: 80 } } }],
        },
      ],
    });
  });

  it("is not made for a service that has neither members nor hosts nor gateways of its own: it is left as it is", () => {
    expect(resources.filter(({ metadata }) => metadata.name === "web")).toEqual([]);
  });

  it("leaves a port alone that the Service has and the mesh file does not", () => {
    const service =
      "apiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: shop }\nspec: { selector: { app: cart, tier: backend }, ports: [{ port: 80, targetPort: 3000, name: http }, { port: 9090, name: http-admin }] }";
    const given = manifests(service);
    const all = [...generateIstio(mesh(SHOP.replace(", targetPort: 8080", "")), { manifests: given }), ...given];
    const table = compile(all, { kind: "sidecar", namespace: "shop", labels: {} });
    const request = { method: "GET", host: "cart", path: "/", headers: { "virtual-cluster-name": "pr-42" } };
    const clusterOn = (port: number) => route(table, { ...request, port }).destinations[0]?.cluster.name;
    expect(clusterOn(80)).toBe("outbound|80|pr-42|cart-members.shop.svc.cluster.local");
    expect(clusterOn(9090)).toBe("outbound|9090||cart.shop.svc.cluster.local");
    expect(find(all, "Service", "cart-members").spec).toMatchObject({ ports: [{ port: 80, targetPort: 3000 }] });
  });

  it("has other names for its own routes than any virtual cluster's", () => {
    const text = SHOP.replaceAll("pr-42", "baseline").replaceAll("blue", "no-virtual-cluster");
    const { spec } = find(generateIstio(mesh(text)), "VirtualService", "cart") as unknown as { spec: { http: { name: string }[] } };
    expect(new Set(spec.http.map(({ name }) => name)).size).toBe(spec.http.length);
  });

  it("tells the ports of a service apart, and leads gateways to the first one that speaks HTTP", () => {
    const text = `${HEAD}
services:
  - name: search
    gateways: [edge]
    ports: [{ number: 5432, protocol: tcp }, { number: 8080 }, { number: 9090, protocol: grpc }]
virtualClusters: [{ name: vc1, members: [{ service: search, image: i }] }]`;
    const { spec } = find(generateIstio(mesh(text)), "VirtualService", "search") as unknown as {
      spec: { http: { name: string; match: object[] }[] };
    };
    expect(spec.http.map(({ name, match: [match] }) => [name, match])).toEqual([
      ["puggle-no-virtual-cluster/8080", { port: 8080, gateways: ["mesh"], withoutHeaders: { "virtual-cluster-name": {} } }],
      ["puggle/vc1/8080", { port: 8080, gateways: ["mesh"], headers: { "virtual-cluster-name": { exact: "vc1" } } }],
      ["puggle-baseline/8080", { port: 8080, gateways: ["mesh"] }],
      ["puggle-no-virtual-cluster/9090", { port: 9090, gateways: ["mesh"], withoutHeaders: { "virtual-cluster-name": {} } }],
      ["puggle/vc1/9090", { port: 9090, gateways: ["mesh"], headers: { "virtual-cluster-name": { exact: "vc1" } } }],
      ["puggle-baseline/9090", { port: 9090, gateways: ["mesh"] }],
      ["puggle-no-virtual-cluster/gateway", { gateways: ["edge"], withoutHeaders: { "virtual-cluster-name": {} } }],
      ["puggle/vc1/gateway", { gateways: ["edge"], headers: { "virtual-cluster-name": { exact: "vc1" } } }],
      ["puggle-baseline/gateway", { gateways: ["edge"] }],
    ]);
  });

  it("is not made for a service that speaks no HTTP, since nothing can carry the header there", () => {
    const resources = generateIstio(mesh(`${HEAD}services: [{ name: db, ports: [{ number: 5432, protocol: tcp }] }]`));
    expect(resources.map(({ kind }) => kind)).toEqual(["EnvoyFilter"]);
  });
});

describe("a member", () => {
  const resources = generateIstio(mesh(SHOP), { manifests: manifests(CART_DEPLOYMENT) });
  const deployment = find(resources, "Deployment", "cart-pr-42");

  it("is cloned from the baseline's Deployment, without what is the baseline's own", () => {
    expect(deployment).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: "cart-pr-42",
        namespace: "shop",
        labels: {
          "app.kubernetes.io/managed-by": "puggle",
          "puggle.dev/service": "cart",
          "puggle.dev/virtual-cluster": "pr-42",
          team: "checkout",
          version: "pr-42",
        },
        annotations: { "team.example/owner": "ada" },
      },
      spec: {
        replicas: 2,
        selector: { matchLabels: { "puggle.dev/service": "cart", "puggle.dev/virtual-cluster": "pr-42", version: "pr-42" } },
        strategy: { type: "Recreate" },
        template: {
          metadata: {
            labels: {
              app: "cart-members",
              "app.kubernetes.io/managed-by": "puggle",
              "puggle.dev/service": "cart",
              "puggle.dev/virtual-cluster": "pr-42",
              team: "checkout",
              version: "pr-42",
            },
            annotations: { "sidecar.istio.io/proxyCPU": "100m" },
          },
          spec: {
            serviceAccountName: "cart",
            containers: [
              { name: "log-shipper", image: "shipper:1" },
              {
                name: "cart",
                image: "cart:pr-42",
                env: [
                  { name: "DATABASE", valueFrom: { secretKeyRef: { name: "db", key: "url" } } },
                  { name: "LOG_LEVEL", value: "debug" },
                  { name: "VIRTUAL_CLUSTER_NAME", value: "pr-42" },
                ],
              },
            ],
            volumes: [{ name: "scratch", emptyDir: {} }],
          },
        },
      },
    });
  });

  it("matches no selector of the baseline, and the selector of the members' Service", () => {
    const labels = (deployment as unknown as { spec: { template: { metadata: { labels: Record<string, string> } } } }).spec.template
      .metadata.labels;
    for (const selector of [
      { app: "cart" },
      { tier: "backend" },
      { app: "cart", tier: "backend" },
      { release: "stable" },
      { version: "default" },
    ]) {
      expect(matchesSelector(selector, labels), JSON.stringify(selector)).toBe(false);
    }
    const members = find(resources, "Service", "cart-members") as unknown as {
      spec: { selector: Record<string, string>; ports: object[] };
    };
    expect(matchesSelector(members.spec.selector, labels)).toBe(true);
    expect(members.spec.ports).toEqual([{ name: "http", port: 80, targetPort: 8080, appProtocol: "http" }]);
  });

  it("has a subset of the members' DestinationRule and a filter that stamps its own name", () => {
    expect(find(resources, "DestinationRule", "cart-members").spec).toEqual({
      host: "cart-members.shop.svc.cluster.local",
      subsets: [
        { name: "blue", labels: { version: "blue" } },
        { name: "pr-42", labels: { version: "pr-42" } },
      ],
    });
    expect(find(resources, "EnvoyFilter", "cart-pr-42").spec).toMatchObject({
      workloadSelector: { labels: { "puggle.dev/service": "cart", "puggle.dev/virtual-cluster": "pr-42" } },
      configPatches: [{ match: { context: "SIDECAR_OUTBOUND" }, patch: { operation: "INSERT_FIRST" } }],
    });
  });

  it("keeps no label by which a Service or a PodDisruptionBudget among the manifests selects the baseline, nor an expression of its own", () => {
    const others = `
apiVersion: v1
kind: Service
metadata: { name: cart-canary, namespace: shop }
spec: { selector: { component: api }, ports: [{ port: 80 }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: cart, namespace: shop }
spec: { selector: { matchLabels: { team: checkout }, matchExpressions: [{ key: track, operator: Exists }] } }
---`;
    const baseline = CART_DEPLOYMENT.replace(
      "matchLabels: { app: cart, release: stable }",
      "matchLabels: { app: cart }, matchExpressions: [{ key: release, operator: Exists }]",
    ).replace("tier: backend, release", "tier: backend, component: api, track: main, other: kept, release");
    const member = find(generateIstio(mesh(SHOP), { manifests: manifests(others + baseline) }), "Deployment", "cart-pr-42");
    const { labels } = (member as unknown as { spec: { template: { metadata: { labels: object } } } }).spec.template.metadata;
    expect(Object.keys(labels)).toEqual([
      "app",
      "app.kubernetes.io/managed-by",
      "other",
      "puggle.dev/service",
      "puggle.dev/virtual-cluster",
      "version",
    ]);
  });

  it("does not carry the marks by which other tools know their own objects", () => {
    const baseline = CART_DEPLOYMENT.replace(
      "labels: { app: cart, team: checkout }",
      "labels: { app: cart, argocd.argoproj.io/instance: shop, helm.sh/chart: cart-1 }",
    ).replace("team.example/owner: ada", "argocd.argoproj.io/tracking-id: x, meta.helm.sh/release-name: cart, team.example/owner: ada");
    const { metadata } = find(generateIstio(mesh(SHOP), { manifests: manifests(baseline) }), "Deployment", "cart-pr-42");
    expect(Object.keys(metadata.labels ?? {})).toEqual([
      "app.kubernetes.io/managed-by",
      "puggle.dev/service",
      "puggle.dev/virtual-cluster",
      "version",
    ]);
    expect(metadata.annotations).toEqual({ "team.example/owner": "ada" });
  });

  it("knows its virtual cluster also where overrides replace its containers", () => {
    const text = SHOP.replace(
      "env: { LOG_LEVEL: debug } }",
      "overrides: { spec: { template: { spec: { containers: [{ name: cart, image: other }] } } } } }",
    );
    expect(find(generateIstio(mesh(text)), "Deployment", "cart-pr-42")).toMatchObject({
      spec: {
        template: { spec: { containers: [{ name: "cart", image: "other", env: [{ name: "VIRTUAL_CLUSTER_NAME", value: "pr-42" }] }] } },
      },
    });
  });

  it("takes overrides as a merge patch, except for what routing relies on", () => {
    const text = SHOP.replace(
      "env: { LOG_LEVEL: debug } }",
      'overrides: { metadata: { name: mine, annotations: { team.example/owner: null } }, spec: { minReadySeconds: 3, template: { metadata: { labels: { version: mine, extra: "1" } } } } } }',
    );
    const patched = find(generateIstio(mesh(text), { manifests: manifests(CART_DEPLOYMENT) }), "Deployment", "cart-pr-42");
    expect(patched).toMatchObject({ spec: { minReadySeconds: 3, template: { metadata: { labels: { version: "pr-42", extra: "1" } } } } });
    expect(patched.metadata.annotations).toEqual({});
  });

  it("gets a Deployment of its own where the baseline's is not known", () => {
    expect(find(generateIstio(mesh(SHOP)), "Deployment", "cart-blue")).toMatchObject({
      spec: { template: { spec: { containers: [{ name: "cart", image: "cart:blue", ports: [{ containerPort: 8080 }] }] } } },
    });
  });
});

describe("what can not be generated says what, where and what to do", () => {
  const foreign = (host: string, more = "") =>
    `apiVersion: networking.istio.io/v1beta1\nkind: VirtualService\nmetadata: { name: theirs, namespace: shop }\nspec: { hosts: ["${host}"]${more} }`;
  const service = (spec: string) => `apiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: shop }\nspec: ${spec}`;
  const second = CART_DEPLOYMENT.replace("cart-deployment", "cart-canary").replace("release: stable, version", "release: canary, version");
  const cases: readonly [string, string, string, string, RegExp][] = [
    [
      "an image that nobody names",
      SHOP.replace('image: "cart:blue"', "replicas: 1"),
      "",
      "image-unknown",
      /cart in virtual cluster blue.*set the member's `image`/,
    ],
    [
      "a VirtualService that somebody else owns",
      SHOP,
      foreign("cart.shop.svc.cluster.local"),
      "virtual-service-exists",
      /VirtualService shop\/theirs.*remove it/,
    ],
    [
      "one that has the host by its short name",
      SHOP,
      foreign("cart"),
      "virtual-service-exists",
      /cart\.shop\.svc\.cluster\.local of service shop\/cart/,
    ],
    ["one that has it by a wildcard", SHOP, foreign("*.shop.svc.cluster.local"), "virtual-service-exists", /of service shop\/cart/],
    ["one that has it in capitals", SHOP, foreign("Cart.shop.svc.cluster.local"), "virtual-service-exists", /a sidecar takes only one/],
    ["one that has the members' host", SHOP, foreign("cart-members"), "virtual-service-exists", /cart-members\.shop/],
    [
      "one on a gateway of the service",
      SHOP,
      foreign("cart.stage.internal", ", gateways: [istio-system/edge]"),
      "virtual-service-exists",
      /would merge the two/,
    ],
    [
      "an object of the same name that somebody else made",
      SHOP,
      foreign("other").replace("theirs", "cart"),
      "object-exists",
      /VirtualService shop\/cart/,
    ],
    [
      "a port that the Service does not have",
      SHOP,
      service("{ ports: [{ port: 8080 }] }"),
      "ports-differ",
      /Service shop\/cart: has port 8080, and the mesh file says 80/,
    ],
    [
      "another target port",
      SHOP,
      service("{ ports: [{ port: 80, targetPort: 3000 }] }"),
      "ports-differ",
      /sends port 80 to 3000, and the mesh file says 8080/,
    ],
    [
      "a baseline that is no Deployment",
      SHOP,
      CART_DEPLOYMENT.replace("kind: Deployment", "kind: StatefulSet"),
      "unsupported-baseline",
      /runs as StatefulSet shop\/cart-deployment/,
    ],
    [
      "a member of a service that speaks no HTTP",
      `${HEAD}services: [{ name: db, ports: [{ number: 5432, protocol: tcp }] }]\nvirtualClusters: [{ name: vc1, members: [{ service: db, image: i }] }]`,
      "",
      "unroutable-member",
      /default\/db in virtual cluster vc1/,
    ],
    [
      "a service of the mesh file that selects the members of another",
      SHOP.replace("    namespace: shop\nvirtualClusters", "    namespace: shop\n    selector: { app: cart-members }\nvirtualClusters"),
      "",
      "member-selected",
      /app: cart-members, and Service shop\/web selects by it/,
    ],
    [
      "an override that takes the image away",
      SHOP.replace("env: { LOG_LEVEL: debug } }", "overrides: { spec: { template: { spec: { containers: [{ name: z }] } } } } }"),
      "",
      "invalid-override",
      /leave the container z without an image/,
    ],
    ["two Deployments for one baseline", SHOP, `${CART_DEPLOYMENT}---${second}`, "ambiguous-baseline", /cart-deployment, cart-canary/],
    [
      "an override that puts the member among the baseline's pods",
      SHOP.replace("env: { LOG_LEVEL: debug } }", "overrides: { spec: { template: { metadata: { labels: { tier: backend } } } } } }"),
      "",
      "invalid-override",
      /cart in virtual cluster pr-42 set the label tier/,
    ],
    [
      "an override that leaves no Deployment",
      SHOP.replace("env: { LOG_LEVEL: debug } }", "overrides: { spec: { template: null } } }"),
      "",
      "invalid-override",
      /leave no Deployment: .*spec\.template/,
    ],
    [
      "a baseline's Deployment without containers",
      SHOP,
      CART_DEPLOYMENT.replace(/containers:[\s\S]*volumes/, "volumes"),
      "invalid-manifest",
      /Deployment shop\/cart-deployment: spec\.template\.spec\.containers/,
    ],
  ];
  it.each(cases)("%s", (_, meshText, manifestText, code, message) => {
    expect(() => generateIstio(mesh(meshText), { manifests: manifests(manifestText) })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("a VirtualService of somebody else's on another gateway stands beside ours", () => {
    const theirs = manifests(foreign("cart.stage.internal", ", gateways: [public]"));
    expect(() => generateIstio(mesh(SHOP), { manifests: theirs })).not.toThrow();
  });

  it("the hosts of ServiceEntries that are outside lose the header too", () => {
    const entry = (name: string, location: string) =>
      `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: ${name}, namespace: shop }\nspec: { hosts: [${name}.example], location: ${location}, ports: [{ number: 80, protocol: HTTP, name: http }, { number: 443, protocol: TLS, name: tls }] }`;
    const given = manifests(`${entry("pay", "MESH_EXTERNAL")}\n---\n${entry("vm", "MESH_INTERNAL")}`);
    const boundary = JSON.stringify(find(generateIstio(mesh(SHOP), { manifests: given }), "EnvoyFilter", "puggle-header-boundary"));
    expect(boundary).toContain('"name":"pay.example:80"');
    expect(boundary).not.toMatch(/vm\.example|:443/);
  });

  it("a VirtualService of ours is no foreign one: what was generated may be given back as a manifest", () => {
    const own = generateIstio(mesh(SHOP));
    expect(generateIstio(mesh(SHOP), { manifests: own })).toEqual(own);
  });
});

describe("the files", () => {
  it("are the same bytes whatever the order of the mesh file", () => {
    const { services, virtualClusters, ...rest } = mesh(SHOP);
    const shuffled = fc.record({
      services: fc.shuffledSubarray([...services], { minLength: services.length }),
      virtualClusters: fc.shuffledSubarray([...virtualClusters], { minLength: virtualClusters.length }),
    });
    const expected = generate(mesh(SHOP), "istio");
    fc.assert(
      fc.property(shuffled, (order) => {
        expect(generate({ ...rest, ...order }, "istio")).toEqual(expected);
      }),
    );
  });

  it("are laid out by namespace, service and virtual cluster, one object a file, each saying how it was made", () => {
    const files = generate(mesh(SHOP), "istio");
    expect(files.map(({ path }) => path)).toEqual([
      "istio/header-boundary.yaml",
      "istio/shop/cart/members-destination-rule.yaml",
      "istio/shop/cart/members-service.yaml",
      "istio/shop/cart/members/blue/deployment.yaml",
      "istio/shop/cart/members/blue/header-stamp.yaml",
      "istio/shop/cart/members/pr-42/deployment.yaml",
      "istio/shop/cart/members/pr-42/header-stamp.yaml",
      "istio/shop/cart/virtual-service.yaml",
    ]);
    for (const { text } of files) expect(text).toMatch(/^# Made by `puggle generate --target istio` from the mesh file\. Do not edit/);
  });

  it.each(["1.1", "1.2"] as const)("read back, by a reader of YAML %s, as the objects that they were made from", (version) => {
    const text = SHOP.replace(
      "LOG_LEVEL: debug",
      'A: "yes", B: "0x1F", C: "1e3", D: "12:30:45", E: "null", F: "~", G: "on", H: "0777", I: "", J: "a\\nb", K: "n"',
    );
    const resources = generateIstio(mesh(text));
    const read = generate(mesh(text), "istio").map((file) => parse(file.text, { version }));
    expect(new Set(read.map((resource) => JSON.stringify(resource)))).toEqual(
      new Set(resources.map((resource) => JSON.stringify(resource))),
    );
  });
});
