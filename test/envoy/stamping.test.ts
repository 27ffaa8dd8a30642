import { findEnvoy, freePorts, type RunningEnvoy, startEnvoy } from "@puggle/local-envoy";
import { compile, generateIstio, type MeshProxy, printRoutes, ROUTING_MODES, resourcesOf } from "@puggle/mesh-config";
import { parseMesh } from "@puggle/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keptAlive, sendRaw } from "./raw-request.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters";
const MESH = parseMesh([
  {
    path: "mesh.yaml",
    text: `
apiVersion: puggle.dev/v1alpha1
kind: Mesh
services: [{ name: web, namespace: shop }, { name: cart, namespace: shop }]
virtualClusters: [{ name: pr-42, members: [{ service: web, image: i }, { service: cart, image: i }] }]
`,
  },
]);
const MEMBER: MeshProxy = {
  kind: "sidecar",
  namespace: "shop",
  labels: { "puggle.dev/service": "web", "puggle.dev/virtual-cluster": "pr-42" },
};

/** What Puggle generates for the member, as its sidecar gets it. */
const LUA = filterOf("web-pr-42");
const MUTATION = {
  name: "envoy.filters.http.header_mutation",
  typed_config: {
    "@type": `${TYPE}.http.header_mutation.v3.HeaderMutation`,
    mutations: {
      request_mutations: [{ append: { header: { key: "virtual-cluster-name", value: "pr-42" }, append_action: "ADD_IF_ABSENT" } }],
    },
  },
};
const FAULT = { name: "envoy.filters.http.fault", typed_config: { "@type": `${TYPE}.http.fault.v3.HTTPFault` } };

/** Tells in the answer where the request was to go; it does nothing to the request. */
const SAY_CLUSTER = {
  name: "say-cluster",
  typed_config: {
    "@type": `${TYPE}.http.header_mutation.v3.HeaderMutation`,
    mutations: { response_mutations: [{ append: { header: { key: "x-cluster", value: "%UPSTREAM_CLUSTER_RAW%" } } }] },
  },
};

/** HTTP filters by the name of the arrangement. */
const ARRANGEMENTS: Readonly<Record<string, readonly object[]>> = {
  "lua-first": [LUA, FAULT],
  mutation: [MUTATION, FAULT],
  "lua-last": [FAULT, LUA],
};

function filterOf(name: string): object {
  const filter = generateIstio(MESH).find(({ kind, metadata }) => kind === "EnvoyFilter" && metadata.name === name);
  const [{ patch }] = Reflect.get(filter?.spec as object, "configPatches") as [{ patch: { value: object } }];
  return patch.value;
}

describe("the stamp on what a member sends, on the real Envoy", () => {
  const ports = new Map<string, number>();
  let envoy: RunningEnvoy;

  beforeAll(async () => {
    const listeners: object[] = [];
    const clusters = new Map<string, object>();
    const [admin = 0, ...free] = await freePorts(1 + ROUTING_MODES.length * Object.keys(ARRANGEMENTS).length);
    for (const routing of ROUTING_MODES) {
      // Nothing is behind the clusters, so that each request is answered 503, with the name of its cluster; what carries no name meets a fault on its route.
      const table = compile(resourcesOf(MESH, { routing }), MEMBER);
      for (const name of table.clusters.keys()) clusters.set(name, { name, type: "STATIC", load_assignment: { cluster_name: name } });
      const routes = JSON.parse(JSON.stringify(printRoutes(table, 80))) as { virtual_hosts: { routes: RouteLike[] }[] };
      for (const { routes: own } of routes.virtual_hosts)
        for (const route of own) if (isForNobody(route)) route.typed_per_filter_config = ABORTING;
      for (const [name, filters] of Object.entries(ARRANGEMENTS)) {
        const port = free.pop() ?? 0;
        ports.set(`${routing} ${name}`, port);
        listeners.push(listener(`${routing}-${name}`, port, routes, filters));
      }
    }
    const text = JSON.stringify({
      admin: { address: socketAddress(admin) },
      static_resources: { listeners, clusters: [...clusters.values()] },
    });
    envoy = await startEnvoy({ binary: (await findEnvoy()).path, name: "stamping", config: { text } });
  });

  afterAll(async () => {
    keptAlive.destroy();
    await envoy?.stop();
  });

  async function clusterOf(arrangement: string): Promise<string> {
    const request = {
      method: "GET",
      host: "cart.shop.svc.cluster.local",
      port: 80,
      path: "/",
      headers: { "virtual-cluster-name": [], "x-user": [] },
    };
    const { status, headers } = await sendRaw(ports.get(arrangement) ?? 0, request);
    return status === 503 ? `${headers["x-cluster"]}` : `${status}`;
  }

  it.each(ROUTING_MODES)("leads the request to the member where it is Lua and the first filter (%s)", async (routing) => {
    expect(await clusterOf(`${routing} lua-first`)).toBe("outbound|80|pr-42|cart-members.shop.svc.cluster.local");
  });

  it.each(ROUTING_MODES)(
    "would leave it on the baseline's route if it were header_mutation, which is why it is not (%s)",
    async (routing) => {
      expect(await clusterOf(`${routing} mutation`)).toBe(routing === "copy" ? "418" : "outbound|80||cart.shop.svc.cluster.local");
    },
  );

  it("would meet the faults of the baseline's route if it stood after them, which is why it stands first", async () => {
    expect(await clusterOf("copy lua-last")).toBe("418");
  });
});

interface RouteLike {
  readonly name?: string;
  typed_per_filter_config?: object;
}

/** Of the copied routes, the one for requests without a name. */
function isForNobody({ name }: RouteLike): boolean {
  return name === "puggle-no-virtual-cluster";
}

const ABORTING = {
  "envoy.filters.http.fault": {
    "@type": `${TYPE}.http.fault.v3.HTTPFault`,
    abort: { http_status: 418, percentage: { numerator: 100 } },
  },
};

function listener(name: string, port: number, routes: object, filters: readonly object[]): object {
  const manager = {
    "@type": `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: name,
    route_config: { ...routes, validate_clusters: false },
    http_filters: [
      SAY_CLUSTER,
      ...filters,
      { name: "envoy.filters.http.router", typed_config: { "@type": `${TYPE}.http.router.v3.Router` } },
    ],
  };
  return { name, address: socketAddress(port), filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }] };
}

function socketAddress(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}
