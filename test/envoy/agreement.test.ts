import { findEnvoy, freePorts, startEnvoy } from "@puggle/local-envoy";
import {
  type Explanation,
  explain,
  findSidecar,
  generate,
  type KubernetesResource,
  type MeshProxy,
  ROUTING_MODES,
  resourcesOf,
  type WorkloadAddress,
} from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { type Arrival, startEchoWorkloads } from "./echo-workloads.ts";
import { FOREIGN_HOSTS, type RandomRequest, randomForeignRouting, randomMesh, randomRequest } from "./random-mesh.ts";
import { keptAlive, sendRaw } from "./raw-request.ts";

const MESHES = 12;
const REQUESTS_A_MESH = 100;
const SIDECARS_A_MESH = 2;

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);

afterAll(() => keptAlive.destroy());

test(`on the real Envoy, every request goes where explain says (${MESHES * REQUESTS_A_MESH} requests, PUGGLE_TEST_SEED=${seed})`, {
  timeout: 240_000,
}, async () => {
  const { path: binary } = await findEnvoy();
  const meshes = fc.sample(randomMesh, { seed, numRuns: MESHES });
  const outcomes = new Map<string, number>();
  for (const [index, mesh] of meshes.entries()) {
    const [foreign = []] = fc.sample(randomForeignRouting(), { seed: seed + index, numRuns: 1 });
    for (const outcome of await compareMesh(binary, mesh, foreign, seed + index)) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  console.log(`seed ${seed}: ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}`);
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(MESHES * REQUESTS_A_MESH);
  for (const outcome of ["member", "baseline", "external"])
    expect(outcomes.get(outcome) ?? 0, `requests that end as ${outcome}`).toBeGreaterThan(0);
});

async function compareMesh(
  binary: string,
  mesh: Mesh,
  foreign: readonly KubernetesResource[],
  meshSeed: number,
): Promise<readonly string[]> {
  const workloads = await placeWorkloads(mesh);
  const callers = fc.sample(fc.constantFrom(...workloads.filter(({ service }) => service !== "legacy")), {
    seed: meshSeed,
    numRuns: SIDECARS_A_MESH,
  });
  const [external = 0] = await freePorts(1);
  const externalHosts = { "api.payments.example": { host: "127.0.0.1", port: external } };
  const routing = ROUTING_MODES[meshSeed % ROUTING_MODES.length] ?? "copy";
  const files = generate(mesh, "envoy", { manifests: foreign, routing, addresses: { workloads, externalHosts } });
  const resources = resourcesOf(mesh, { manifests: foreign, routing });
  const asked = fc.sample(randomRequest(mesh, FOREIGN_HOSTS), { seed: meshSeed, numRuns: REQUESTS_A_MESH });
  const outcomes: string[] = [];
  for (const [index, caller] of callers.entries()) {
    const name = nameOf(caller);
    const text = files.find(({ path }) => path === `envoy/${caller.namespace}/${name}.yaml`)?.text ?? "";
    const echoes = await startEchoWorkloads([...placeEchoes(workloads, caller), { workload: "external", port: external }]);
    try {
      const envoy = await startEnvoy({ binary, name, config: { text } });
      try {
        const from = findSidecar(resources, caller);
        const own = asked.filter((_, number) => number % callers.length === index);
        for (const request of own) outcomes.push(await compareRequest(request, from, caller, resources, meshSeed));
      } finally {
        await envoy.stop();
      }
    } finally {
      await echoes.close();
    }
  }
  return outcomes;
}

async function compareRequest(
  request: RandomRequest,
  from: MeshProxy,
  caller: WorkloadAddress,
  resources: readonly KubernetesResource[],
  meshSeed: number,
): Promise<string> {
  const explanation = explain(resources, {
    from,
    url: `http://${request.host}:${request.port}${request.path}`,
    method: request.method,
    headers: request.headers,
  });
  const answer = await sendRaw(caller.outbound[request.port] ?? 0, request);
  const actual = answer.status === 200 ? describeArrival(JSON.parse(answer.body)) : `${answer.status}`;
  expect(
    describeExpectation(explanation),
    `${JSON.stringify({ seed: meshSeed, from: nameOf(caller), request, steps: explanation.steps }, null, 1)}`,
  ).toContain(actual);
  return explanation.outcome;
}

function describeArrival({ workload, header }: Arrival): string {
  return `${workload} with ${header.length === 0 ? "no header" : JSON.stringify(header.join(","))}`;
}

/** Every answer that would be right, in the words of {@link describeArrival}. A laptop can not pass through to a host that nobody declared by its very name: its Envoy answers 502. */
function describeExpectation({ outcome, destinations, headerOnArrival }: Explanation): readonly string[] {
  if (outcome === "no-route") return ["404"];
  if (outcome === "unavailable") return ["503"];
  const [destination] = destinations;
  if (outcome === "external" && destination?.host.startsWith("*")) return ["502"];
  const header = headerOnArrival === null ? "no header" : JSON.stringify(headerOnArrival);
  const workloads =
    outcome === "external" ? ["external"] : (destination?.workloads ?? []).map(({ namespace, name }) => `${namespace}/${name}`);
  return workloads.map((workload) => `${workload} with ${header}`);
}

function nameOf({ service, virtualCluster }: WorkloadAddress): string {
  return virtualCluster === undefined ? service : `${service}-${virtualCluster}`;
}

async function placeWorkloads(mesh: Mesh): Promise<readonly WorkloadAddress[]> {
  const members = mesh.virtualClusters.flatMap(({ name, members: list }) =>
    list.map(({ namespace, service }) => ({ namespace, service, virtualCluster: name })),
  );
  const legacy = ["one", "two"].map((virtualCluster) => ({ namespace: "shop", service: "legacy", virtualCluster }));
  const all = [...mesh.services.map(({ namespace, name }) => ({ namespace, service: name })), ...members, ...legacy];
  const free = await freePorts(all.length * 6);
  return all.map((workload): WorkloadAddress => {
    const [first = 0, second = 0, app = 0, admin = 0, ...outbound] = free.splice(0, 6);
    return {
      ...workload,
      host: "127.0.0.1",
      ports: { 80: { inbound: first, app }, 8080: { inbound: second, app } },
      outbound: { 80: outbound[0] ?? 0, 8080: outbound[1] ?? 0 },
      admin,
    };
  });
}

/** What is compared is the caller's sidecar: behind it is its app, and in the place of every other sidecar an echo. */
function placeEchoes(workloads: readonly WorkloadAddress[], caller: WorkloadAddress): readonly { workload: string; port: number }[] {
  return workloads.flatMap((address) => {
    const workload = `${address.namespace}/${nameOf(address)}`;
    const places = Object.values(address.ports).map(({ inbound, app }) => (address === caller ? app : inbound));
    return [...new Set(places)].map((port) => ({ workload, port }));
  });
}
