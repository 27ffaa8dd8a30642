import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { generate, type IstioOptions, type KubernetesResource, MeshConfigError, ROUTING_MODES, resourcesOf } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { randomOwnedRouting } from "../../envoy/owned-routing.ts";
import { randomForeignRouting, randomMeshWithCalls } from "../../envoy/random-mesh.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import type { LoopbackSidecar } from "../sidecars/loopback-sidecar.ts";
import { makeMarker } from "../sidecars/marker.ts";
import { findDifference } from "./differences.ts";
import { startFleet } from "./fleet.ts";
import { GATEWAY } from "./services.ts";

const MESHES = 60;
const ANALYZED = 8;
/** What istiod reads; Deployments are the business of Kubernetes. */
const READ_BY_ISTIOD = new Set(["Service", "VirtualService", "DestinationRule", "EnvoyFilter", "ServiceEntry", "Gateway", "Sidecar"]);
const NAMESPACES = ["shop", "stock", "tools", "edge"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);
const parts = inject("clusterParts");
const run = promisify(execFile);
const NOTHING: readonly KubernetesResource[] = [];

/** Sidecars that are told of little are to be told of the host by which these tests see that they were told. */
const MARKERS = { host: "*.puggle.test", port: 80 };

const randomSituation = randomMeshWithCalls.chain((mesh) =>
  fc.record({
    mesh: fc.constant({ ...mesh, externalHosts: [...mesh.externalHosts, MARKERS] }),
    foreign: randomForeignRouting(),
    // Where people have VirtualServices for a service, none of ours can stand beside them.
    people: fc.oneof(
      fc.constantFrom(...ROUTING_MODES).map((routing) => ({ owned: NOTHING, routing })),
      randomOwnedRouting(mesh).map((owned) => ({ owned, routing: undefined })),
    ),
  }),
);
type Situation = typeof randomSituation extends fc.Arbitrary<infer Value> ? Value : never;

describe.skipIf(parts === undefined)("what the generator writes", () => {
  let cluster: Cluster;
  let fleet: readonly LoopbackSidecar[];

  beforeAll(async () => {
    if (parts === undefined) return;
    cluster = await startCluster(parts.tools);
    fleet = await startFleet(cluster, parts.envoy);
  });

  afterAll(async () => {
    for (const sidecar of fleet ?? []) await sidecar.stop();
    await cluster?.stop();
  });

  test(`is for istiod what compile takes it for, in ${MESHES} random meshes (PUGGLE_TEST_SEED=${seed})`, { timeout: 240_000 }, async () => {
    let meshes = 0;
    let members = 0;
    let matched = 0;
    const tell = async ({ mesh, foreign, people: { owned, routing } }: Situation) => {
      meshes += 1;
      members += mesh.virtualClusters.reduce((sum, virtualCluster) => sum + virtualCluster.members.length, 0);
      const marker = makeMarker(meshes);
      const manifests = [...foreign, ...owned];
      const options = routing === undefined ? { manifests } : { manifests, routing };
      // Where a wildcard of people's takes in a host that needs a VirtualService of ours, there is nothing to compare.
      fc.pre(!isRefused(mesh, options));
      const described = resourcesOf(mesh, options).filter(({ kind }) => READ_BY_ISTIOD.has(kind));
      matched += described.filter(({ metadata }) => metadata.namespace === "istio-system").length;
      // The mesh file says of a host outside the mesh that it is there, and not in whose namespace.
      const resources = described.map((one) => (one.metadata.namespace === "" ? inNamespace("tools", one) : one));
      const others = await cluster.objects.set([...NAMESPACES, GATEWAY, ...resources]);
      const stored = [...others, ...(await cluster.objects.apply([marker.resource]))];
      for (const sidecar of fleet) expect(await findDifference(sidecar, stored, marker)).toBeUndefined();
    };
    await fc.assert(fc.asyncProperty(randomSituation, tell), {
      seed,
      numRuns: MESHES,
      interruptAfterTimeLimit: 200_000,
      markInterruptAsFailure: true,
    });
    expect(members).toBeGreaterThan(MESHES);
    expect(matched).toBeGreaterThan(MESHES / 2);
  });

  test(`has no fault that istioctl analyze finds, in ${ANALYZED} random meshes (PUGGLE_TEST_SEED=${seed})`, {
    timeout: 120_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "puggle-analyze-"));
    try {
      let analyzed = 0;
      for (const [index, mesh] of fc.sample(randomMeshWithCalls, { seed, numRuns: ANALYZED }).entries()) {
        // Beside other people's VirtualServices, whose own faults are theirs.
        const [owned = NOTHING] = index % 2 === 0 ? [] : fc.sample(randomOwnedRouting(mesh), { seed: seed + index, numRuns: 1 });
        const options = { manifests: owned };
        if (isRefused(mesh, options)) continue;
        const path = join(folder, `${index}.yaml`);
        const baselines = resourcesOf(mesh, options).filter(({ metadata }) => !isOurs(metadata.labels));
        const injected = NAMESPACES.map((namespace) => ({
          ...namespace,
          metadata: { ...namespace.metadata, labels: { "istio-injection": "enabled" } },
        }));
        const written = generate(mesh, "istio", options).map(({ text }) => text);
        await writeFile(
          path,
          [...[...injected, GATEWAY, ...baselines].map((resource) => JSON.stringify(resource)), ...written].join("\n---\n"),
        );
        const theirs = owned.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
        const findings = await analyze(path);
        expect(findings.filter((finding) => !theirs.some((name) => finding.includes(name)))).toEqual([]);
        analyzed += 1;
      }
      expect(analyzed).toBeGreaterThan(ANALYZED / 2);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("has a fault that istioctl analyze finds where one is put in", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "puggle-analyze-"));
    try {
      const path = join(folder, "broken.yaml");
      const spec = { hosts: ["web"], http: [{ route: [{ destination: { host: "web", subset: "absent" } }] }] };
      const broken = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: { name: "web", namespace: "shop" }, spec };
      await writeFile(path, JSON.stringify(broken));
      expect(await analyze(path)).toContainEqual(expect.stringContaining("IST0101"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

function isRefused(mesh: Mesh, options: IstioOptions): boolean {
  try {
    resourcesOf(mesh, options);
    return false;
  } catch (error) {
    if (error instanceof MeshConfigError && error.code === "virtual-service-exists") return true;
    throw error;
  }
}

function inNamespace(namespace: string, resource: KubernetesResource): KubernetesResource {
  const { name } = resource.metadata;
  return { ...resource, metadata: { ...resource.metadata, namespace, name: name.replace("*", "any") } };
}

function isOurs(labels: KubernetesResource["metadata"]["labels"]): boolean {
  return labels?.["app.kubernetes.io/managed-by"] === "puggle";
}

/** It says so of every EnvoyFilter there is. */
const EVERY_ENVOY_FILTER = "EnvoyFilter exposes internal implementation details";

/** Each finding of `istioctl analyze` but those that only inform. */
async function analyze(path: string): Promise<readonly string[]> {
  const command = parts?.tools.binaries.istioctl ?? "istioctl";
  // It exits with 79 where it finds something.
  const { stdout } = await run(command, ["analyze", "--use-kube=false", "-A", "-o", "json", path]).catch(
    (error: { stdout: string; code: number }) => {
      if (error.code !== 79) throw error;
      return error;
    },
  );
  const findings = (JSON.parse(stdout) ?? []) as { code: string; level: string; message: string; origin: string }[];
  const faults = findings.filter(({ level, message }) => level !== "Info" && !message.includes(EVERY_ENVOY_FILTER));
  return faults.map(({ code, origin, message }) => `${code} ${origin}: ${message}`);
}
