import { generateIstio, type IstioOptions, type KubernetesResource } from "@puggle/mesh-config";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type ClusterNode, startNode } from "../node/node.ts";
import { untilRolledOut, untilTold } from "../node/settle.ts";
import { makeMarker } from "../sidecars/marker.ts";
import { travel } from "./journeys.ts";
import { type Journey, randomJourney, randomRouting } from "./random-calls.ts";
import { BASELINES, GRPC, isMember, MESH } from "./shop.ts";

const REQUESTS_OF_A_ROUTING = 100;
const MESHES = [
  { name: "in plaintext", hasMutualTls: false, routings: 20 },
  { name: "by mutual TLS", hasMutualTls: true, routings: 3 },
];

const DEPLOYMENTS = { apiVersion: "apps/v1", kind: "Deployment" };

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);
const parts = inject("nodeParts");

describe.skipIf(parts === undefined).each(MESHES)(
  "a shop of real Deployments with full sidecars that talk $name",
  ({ hasMutualTls, routings }) => {
    const requests = routings * REQUESTS_OF_A_ROUTING;
    let cluster: Cluster;
    let node: ClusterNode;

    beforeAll(async () => {
      if (parts === undefined) return;
      cluster = await startCluster(parts.tools, { hasMutualTls });
      node = await startNode(cluster, { envoy: parts.envoy, outside: "outside/" });
    });

    afterAll(async () => {
      await node?.stop();
      await cluster?.stop();
    });

    test(`gets every one of ${requests} requests where explain says, hop by hop (PUGGLE_TEST_SEED=${seed})`, {
      timeout: 300_000,
    }, async () => {
      const ends = new Map<string, number>();
      for (const [round, routing] of fc.sample(randomRouting, { seed, numRuns: routings }).entries()) {
        const marker = makeMarker(round);
        // Members are cloned from what was written, and then from what the API server has made of it.
        const baselines =
          round === 0
            ? BASELINES
            : [...BASELINES.filter(({ kind }) => kind !== "Deployment"), ...(await cluster.api.list(DEPLOYMENTS)).items];
        const manifests = [...baselines, ...routing];
        const options: IstioOptions = round % 2 === 0 ? { manifests } : { manifests, routing: "matcher" };
        const generated = withMixedStamps(generateIstio(MESH, options), generateIstio(MESH, { ...options, stamp: "TrafficExtension" }));
        const others = await cluster.objects.set([...BASELINES, ...generated, ...routing]);
        await untilRolledOut(cluster, node);
        const stored = [...others, ...(await cluster.objects.apply([marker.resource]))];
        await untilTold(node, marker);
        const entries = [...node.pods.values()].filter(({ sidecar, name }) => sidecar !== undefined && !name.startsWith(GRPC));
        const send = async (journey: Journey) => {
          const entry = entries[journey.entry % entries.length];
          if (entry === undefined) throw new Error("the shop has pods");
          const travelled = await travel(entry, stored, journey);
          expect(travelled.detour).toBeUndefined();
          for (const end of travelled.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
        };
        await fc.assert(fc.asyncProperty(randomJourney, send), { seed: seed + round, numRuns: REQUESTS_OF_A_ROUTING });
      }
      expect(await askWithoutSidecar(node)).toBe(hasMutualTls ? "refused" : "200");
      for (const end of ["member", "baseline", "outside", "answered"]) expect(ends.get(end), end).toBeGreaterThan(requests / 50);
    });

    test("leads WebSockets and calls of gRPC to members too", async () => {
      const webSocket = [
        "-H",
        "Connection: Upgrade",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Key: YQ==",
      ];
      const grpc = ["--http2-prior-knowledge", "-X", "POST", "-H", "Content-Type: application/grpc", "-H", "TE: trailers"];
      for (const [service, how] of [
        ["web", webSocket],
        [GRPC, grpc],
      ] as const) {
        for (const name of [undefined, "pr-4", "blue"]) {
          const expected = name !== undefined && isMember(`${service}-${name}`) ? `${service}-${name}` : service;
          expect(
            await podBehind(node, `http://${service}.shop/`, [
              ...how,
              ...(name === undefined ? [] : ["-H", `virtual-cluster-name: ${name}`]),
            ]),
          ).toBe(expected);
        }
      }
    });
  },
);

/** The workload that answers a request which curl sends from a pod of the shop. */
async function podBehind(node: ClusterNode, url: string, options: readonly string[]): Promise<string> {
  const [, caller] = [...node.pods].find(([key]) => key.startsWith("stock/pricing")) ?? [];
  if (caller === undefined) throw new Error("the shop has pods");
  // An upgraded connection that ends is a failure to curl, which has printed the answer before.
  const asked = caller.run(["curl", "-s", "-i", "--max-time", "5", ...options, url]);
  const { stdout } = await asked.catch((error: { readonly stdout: string }) => error);
  return /^x-pod: (.+)-\w+-\w+\r$/m.exec(stdout)?.[1] ?? stdout;
}

/** What curl says where the other end closes the connection and answers nothing. */
const CONNECTION_CLOSED = [52, 56];

/** What becomes of a request to a pod's own port by somebody who has no sidecar. */
async function askWithoutSidecar(node: ClusterNode): Promise<string> {
  const pods = [...node.pods];
  const [stranger, asked] = ["outside/world", "shop/web-"].map((prefix) => pods.find(([key]) => key.startsWith(prefix))?.[1]);
  if (stranger === undefined || asked === undefined) throw new Error("the shop has pods");
  const command = ["curl", "-s", "-o", "/dev/null", "--max-time", "5", "-w", "%{http_code}", `http://${asked.address}:8080/healthz`];
  return stranger.run(command).then(
    ({ stdout }) => stdout,
    (error: { readonly code: number }) => (CONNECTION_CLOSED.includes(error.code) ? "refused" : `curl: ${error.code}`),
  );
}

/** The members of one virtual cluster are stamped by a TrafficExtension, those of the others by an EnvoyFilter. */
function withMixedStamps(filters: readonly KubernetesResource[], extensions: readonly KubernetesResource[]): readonly KubernetesResource[] {
  const isMixedIn = ({ metadata }: KubernetesResource) => metadata.labels?.["puggle.dev/virtual-cluster"] === "blue";
  return [
    ...filters.filter((one) => !(one.kind === "EnvoyFilter" && isMixedIn(one))),
    ...extensions.filter((one) => one.kind === "TrafficExtension" && isMixedIn(one)),
  ];
}
