import { describe, expect, it } from "vitest";
import { MeshFileError } from "./mesh-file-error.ts";
import { parseMesh } from "./parse-mesh.ts";

const HEAD = "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\n";

/** What is printed for texts after the head, which takes the first two lines; they are called `a.yaml`, `b.yaml` and so on. */
function refusalOf(...texts: string[]): string[] {
  try {
    parseMesh(texts.map((text, index) => ({ path: `${"abc".charAt(index)}.yaml`, text: HEAD + text })));
  } catch (error) {
    if (error instanceof MeshFileError) return error.message.split("\n");
    throw error;
  }
  return [];
}

type Case = readonly [behaviour: string, texts: readonly string[], expected: readonly string[]];

describe("services", () => {
  it.each<Case>([
    ["of one name may live in two namespaces", ["services: [{ name: a, namespace: x }, { name: a, namespace: y }]"], []],
    [
      "of one name in one namespace are refused, also across files",
      ["services:\n  - name: a\n", "services:\n  - { namespace: default, name: a }\n"],
      ["b.yaml:4:33: the service 'default/a' is already at a.yaml:4:11; keep one of them, or say another namespace"],
    ],
    [
      "that call services which nobody has, or two namespaces have, are refused",
      [
        "services:\n  - { name: web, calls: [crt, stock] }\n  - name: cart\n  - { name: stock, namespace: x }\n  - { name: stock, namespace: y }\n",
      ],
      [
        "a.yaml:4:26: no service is called 'crt'; did you mean 'cart'?",
        "a.yaml:4:31: the service 'stock' exists in 2 namespaces; write 'x/stock' or 'y/stock'",
      ],
    ],
    [
      "with an empty selector are refused",
      ["services: [{ name: a, selector: {} }]"],
      ["a.yaml:3:33: the selector of 'a' has no labels; name the baseline's labels, or remove the key, which means { app: a }"],
    ],
    [
      "with a port twice are refused",
      ["services:\n  - name: a\n    ports: [{ number: 80 }, { number: 80, name: b }]\n"],
      ["a.yaml:5:39: the service 'a' already has a port 80; keep one of them"],
    ],
    [
      "with two ports of one name are refused",
      ["services: [{ name: a, ports: [{ number: 1, name: x }, { number: 2, name: x }] }]"],
      ["a.yaml:3:74: the service 'a' already has a port called 'x'; name this one, for example 'http-2'"],
    ],
    [
      "with two unnamed ports of one protocol are refused, since both would be called by it",
      ["services: [{ name: a, ports: [{ number: 1 }, { number: 2 }, { number: 3, protocol: tcp }] }]"],
      ["a.yaml:3:46: the service 'a' already has a port called 'http'; name this one, for example 'http-2'"],
    ],
  ])("%s", (_behaviour, texts, expected) => {
    expect(refusalOf(...texts)).toEqual(expected);
  });
});

describe("cluster domains", () => {
  it.each<Case>([
    ["may be said by one file of many", ["clusterDomain: a.b", "services: []"], []],
    ["may be said twice alike", ["clusterDomain: a.b", "clusterDomain: a.b"], []],
    [
      "that differ are refused",
      ["clusterDomain: a.b", "", "clusterDomain: c.d"],
      ['c.yaml:3:16: \'clusterDomain\' is "c.d" here and "a.b" at a.yaml:3:16; say it in one file only'],
    ],
  ])("%s", (_behaviour, texts, expected) => {
    expect(refusalOf(...texts)).toEqual(expected);
  });
});

describe("virtual clusters", () => {
  it.each<Case>([
    [
      "of one name are refused, also across files",
      ["virtualClusters: [{ name: v }]", "virtualClusters: [{ name: w }, { name: v }]"],
      ["b.yaml:3:40: the virtual cluster 'v' is already at a.yaml:3:27; put their members together, or rename one"],
    ],
    [
      "with two members of one service are refused, whichever way they name it",
      ["services: [{ name: a, namespace: x }]\nvirtualClusters: [{ name: v, members: [{ service: a }, { service: x/a }] }]"],
      ["a.yaml:4:67: the virtual cluster 'v' already has a member of 'x/a' at a.yaml:4:51; keep one of them"],
    ],
    [
      "with a member of an unknown service are refused, with the nearest name",
      ["services: [{ name: cart }]\nvirtualClusters: [{ name: v, members: [{ service: crat }, { service: zebra }] }]"],
      [
        "a.yaml:4:51: no service is called 'crat'; did you mean 'cart'?",
        "a.yaml:4:70: no service is called 'zebra'; declare it under 'services'",
      ],
    ],
    [
      "with a member of a service in another namespace are refused, with the nearest name",
      ["services: [{ name: cart, namespace: shop }]\nvirtualClusters: [{ name: v, members: [{ service: shp/cart }] }]"],
      ["a.yaml:4:51: no service is called 'shp/cart'; did you mean 'shop/cart'?"],
    ],
    [
      "with a member of a name that two namespaces have are refused",
      ["services: [{ name: a, namespace: y }, { name: a, namespace: x }]\nvirtualClusters: [{ name: v, members: [{ service: a }] }]"],
      ["a.yaml:4:51: the service 'a' exists in 2 namespaces; write 'x/a' or 'y/a'"],
    ],
    [
      "may have a member of a service that is declared twice: the second declaration is what is wrong",
      ["services: [{ name: a }, { name: a }]\nvirtualClusters: [{ name: v, members: [{ service: a }] }]"],
      ["a.yaml:3:33: the service 'default/a' is already at a.yaml:3:20; keep one of them, or say another namespace"],
    ],
  ])("%s", (_behaviour, texts, expected) => {
    expect(refusalOf(...texts)).toEqual(expected);
  });
});

describe("hosts", () => {
  it.each<Case>([
    [
      "that two services claim are refused",
      ["services: [{ name: a, hosts: [x.example] }, { name: b, hosts: [x.example] }]"],
      ["a.yaml:3:64: the host 'x.example' already belongs to the service 'default/a' at a.yaml:3:31; give it to one of them"],
    ],
    [
      "that a service claims twice are refused",
      ["services: [{ name: a, hosts: [x.example, x.example] }]"],
      ["a.yaml:3:42: the host 'x.example' already belongs to the service 'default/a' at a.yaml:3:31; remove this one"],
    ],
    ...["b.default.svc.cluster.local", "b.default.svc", "b.default"].map(
      (host): Case => [
        `that are a name of another service, ${host}, are refused`,
        [`services: [{ name: a, hosts: [${host}] }, { name: b }]`],
        [
          `a.yaml:3:31: the host '${host}' already belongs to the service 'default/b' at a.yaml:3:${44 + host.length}; give it to one of them`,
        ],
      ],
    ),
    [
      "are made with the cluster's own domain",
      [
        "clusterDomain: k8s.example\nservices: [{ name: a, hosts: [b.default.svc.k8s.example] }, { name: b, hosts: [b.default.svc.cluster.local] }]",
      ],
      [
        "a.yaml:4:31: the host 'b.default.svc.k8s.example' already belongs to the service 'default/b' at a.yaml:4:69; give it to one of them",
      ],
    ],
    [
      "that are the service's own already are refused",
      ["services: [{ name: a, hosts: [a.default] }]"],
      ["a.yaml:3:31: the host 'a.default' already belongs to the service 'default/a' at a.yaml:3:20; remove this one"],
    ],
    [
      "that will be those of a service's members are refused",
      ["services: [{ name: a }, { name: b, hosts: [a-members.default.svc] }]\nvirtualClusters: [{ name: v, members: [{ service: a }] }]"],
      [
        "a.yaml:3:44: the host 'a-members.default.svc' already belongs to the members of 'default/a' at a.yaml:3:20; give it to one of them",
      ],
    ],
    [
      "that a service has and that lie outside are refused",
      ["services: [{ name: a, hosts: [x.example] }]", "externalHosts: [{ host: x.example }, { host: a.default.svc.cluster.local }]"],
      [
        "b.yaml:3:25: the host 'x.example' already belongs to the service 'default/a' at a.yaml:3:31; give it to one of them",
        "b.yaml:3:46: the host 'a.default.svc.cluster.local' already belongs to the service 'default/a' at a.yaml:3:20; give it to one of them",
      ],
    ],
    ["outside may have several ports", ["externalHosts: [{ host: x.example }, { host: x.example, port: 8080 }]"], []],
    ["outside may be said by two files", ["externalHosts: [{ host: x.example }]", "externalHosts: [{ host: x.example }]"], []],
    [
      "outside that one file says twice are refused",
      ["externalHosts: [{ host: x.example }, { host: x.example, port: 80 }]"],
      ["a.yaml:3:46: the host 'x.example' already belongs to an external host at a.yaml:3:25; remove this one"],
    ],
  ])("%s", (_behaviour, texts, expected) => {
    expect(refusalOf(...texts)).toEqual(expected);
  });
});

describe("names of what is generated", () => {
  it.each<Case>([
    [
      "that two members would share are refused",
      [
        "services: [{ name: a-b }, { name: a }]\nvirtualClusters: [{ name: c, members: [{ service: a-b }] }, { name: b-c, members: [{ service: a }] }]",
      ],
      [
        "a.yaml:4:95: this member's Deployment would be called 'a-b-c' in 'default', as would that of the member of 'a-b' in 'c' at a.yaml:4:51; rename a virtual cluster",
      ],
    ],
    [
      "that two members have in two namespaces are fine",
      [
        "services: [{ name: a-b, namespace: x }, { name: a, namespace: y }]\nvirtualClusters: [{ name: c, members: [{ service: a-b }] }, { name: b-c, members: [{ service: a }] }]",
      ],
      [],
    ],
    [
      "that a service has already are refused",
      ["services: [{ name: a }, { name: a-v }]\nvirtualClusters: [{ name: v, members: [{ service: a }] }]"],
      [
        "a.yaml:4:51: this member's Deployment would be called 'a-v' in 'default', as would that of the service 'a-v' at a.yaml:3:33; rename a virtual cluster",
      ],
    ],
    [
      "that a service of that name takes from another's members are refused",
      ["services: [{ name: a }, { name: a-members }]\nvirtualClusters: [{ name: v, members: [{ service: a }] }]"],
      [
        "a.yaml:4:51: the Service of the members of 'default/a' would be called 'a-members', as is the service at a.yaml:3:33; rename one of the two services",
      ],
    ],
    ["are free while a service has no members", ["services: [{ name: a }, { name: a-members }]"], []],
  ])("%s", (_behaviour, texts, expected) => {
    expect(refusalOf(...texts)).toEqual(expected);
  });
});

it("what members may request is one thing, whichever file says it", () => {
  const text = `${HEAD}memberRequests: { cpu: 100m }`;
  expect(
    parseMesh([
      { path: "a.yaml", text },
      { path: "b.yaml", text },
    ]).memberRequests,
  ).toEqual({ cpu: "100m" });
  expect(refusalOf("memberRequests: { cpu: 100m }", "memberRequests: { cpu: 1 }")).toEqual([expect.stringContaining("b.yaml:3:24: 'cpu'")]);
  expect(refusalOf("memberRequests: { cpu: 100m }", "memberRequests: { memory: 1Gi }")).toEqual([
    `b.yaml:3:17: 'memberRequests' is {"memory":"1Gi"} here and {"cpu":"100m"} at a.yaml:3:17; say it in one file only`,
  ]);
});

it("the services that one calls are found, wherever they are declared, and sorted", () => {
  const { services } = parseMesh([
    { path: "a.yaml", text: `${HEAD}services: [{ name: web, calls: [stock, x/cart, stock] }]` },
    {
      path: "b.yaml",
      text: `${HEAD}services: [{ name: cart, namespace: x }, { name: cart, namespace: y }, { name: stock, namespace: x }]`,
    },
  ]);
  expect(services.find(({ name }) => name === "web")?.calls).toEqual(["x/cart", "x/stock"]);
});
