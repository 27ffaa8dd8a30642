import { once } from "node:events";
import { connect } from "node:net";
import { findEnvoy, freePorts, type RunningEnvoy, startEnvoy } from "@puggle/local-envoy";
import { generate, type WorkloadAddress } from "@puggle/mesh-config";
import { parseMesh } from "@puggle/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEchoWorkloads } from "./echo-workloads.ts";

const MESH = parseMesh([
  {
    path: "mesh.yaml",
    text: `
apiVersion: puggle.dev/v1alpha1
kind: Mesh
services:
  - { name: web, ports: [{ number: 80, targetPort: 8080 }] }
  - { name: cart, ports: [{ number: 80, targetPort: 8080 }] }
virtualClusters:
  - { name: blue, members: [{ service: cart }] }
  - { name: pr-42, members: [{ service: cart }] }
`,
  },
]);

let envoy: RunningEnvoy;
let echoes: { close: () => Promise<void> };
let port: number;

beforeAll(async () => {
  const all = [
    { service: "web" },
    { service: "cart" },
    { service: "cart", virtualCluster: "blue" },
    { service: "cart", virtualCluster: "pr-42" },
  ];
  const free = await freePorts(all.length * 4);
  const workloads = all.map((workload): WorkloadAddress => {
    const [inbound = 0, app = 0, outbound = 0, admin = 0] = free.splice(0, 4);
    return { ...workload, namespace: "default", host: "127.0.0.1", ports: { 80: { inbound, app } }, outbound: { 80: outbound }, admin };
  });
  const [web, ...carts] = workloads;
  port = web?.outbound[80] ?? 0;
  echoes = await startEchoWorkloads(
    carts.map(({ virtualCluster, ports }) => ({ workload: virtualCluster ?? "baseline", port: ports[80]?.inbound ?? 0 })),
  );
  const text = generate(MESH, "envoy", { addresses: { workloads } }).find(({ path }) => path === "envoy/default/web.yaml")?.text ?? "";
  envoy = await startEnvoy({ binary: (await findEnvoy()).path, name: "web", config: { text } });
});

afterAll(async () => {
  await envoy?.stop();
  await echoes?.close();
});

test.each([
  ["no header", "", "baseline"],
  ["a name", "virtual-cluster-name: pr-42\r\n", "pr-42"],
  ["a name under a header in capitals", "Virtual-Cluster-Name: pr-42\r\n", "pr-42"],
  ["a name in capitals", "virtual-cluster-name: PR-42\r\n", "baseline"],
  ["an empty name", "virtual-cluster-name:\r\n", "baseline"],
  ["two names in one line", "virtual-cluster-name: pr-42, blue\r\n", "baseline"],
  ["two names in two lines, of which the first route takes one", "virtual-cluster-name: pr-42\r\nvirtual-cluster-name: blue\r\n", "blue"],
  ["a name of 64 KB", `virtual-cluster-name: ${"a".repeat(65_536)}\r\n`, "431"],
  ["a control character", "virtual-cluster-name: pr-\u000142\r\n", "400"],
  ["bytes that are no UTF-8", "virtual-cluster-name: pr-42\xff\r\n", "baseline"],
])("the real sidecar takes a request with %s", async (_, header, expected) => {
  expect(await send(header)).toBe(expected);
});

/** The workload that answered, or the status. */
async function send(header: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(Buffer.from(`GET / HTTP/1.1\r\nhost: cart\r\nconnection: close\r\n${header}\r\n`, "latin1"));
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    answer += chunk;
  });
  await once(socket, "close");
  const status = / (\d{3}) /.exec(answer)?.[1] ?? "nothing";
  return status === "200" ? (/"workload":"([^"]+)"/.exec(answer)?.[1] ?? "nobody") : status;
}
