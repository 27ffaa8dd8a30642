import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { KubernetesResource } from "@puggle/mesh-config";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type ClusterNode, startNode } from "./node.ts";
import { untilRolledOut } from "./settle.ts";

const run = promisify(execFile);
const parts = inject("nodeParts");

/** Answers with what its environment says; `OBSTINATE` ones do not end when they are asked to. */
const APP = `
  const { createServer } = require("node:http");
  const { ANSWER, OBSTINATE } = process.env;
  createServer((_, response) => response.setHeader("connection", "close").end(ANSWER)).listen(8080, "0.0.0.0");
  process.on("SIGTERM", () => OBSTINATE === "yes" || process.exit());
`;

function deployment(name: string, environment: Readonly<Record<string, string>>, graceSeconds = 5): readonly KubernetesResource[] {
  const container = {
    name: "app",
    image: "none",
    command: [process.execPath, "-e", APP],
    env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
    readinessProbe: { httpGet: { port: 8080 } },
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
  };
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: graceSeconds } };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop" },
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: "shop" },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    },
  ];
}

describe.skipIf(parts === undefined)("the node", () => {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { "istio-injection": "enabled" } } };
  let cluster: Cluster;
  let node: ClusterNode;

  beforeAll(async () => {
    if (parts === undefined) return;
    cluster = await startCluster(parts.tools);
    node = await startNode(cluster, { envoy: parts.envoy });
  });

  afterAll(async () => {
    await node?.stop();
    await cluster?.stop();
  });

  const makers: ChildProcess[] = [];
  afterEach(() => {
    for (const maker of makers.splice(0)) maker.kill("SIGKILL");
  });

  /** Asks a Service of the shop from inside a pod, through its sidecar. */
  async function ask(service: string): Promise<string> {
    const [pod] = [...node.pods.values()].filter(({ name }) => name.startsWith("caller"));
    if (pod === undefined) throw new Error("there is a caller");
    const { stdout } = await pod.run(["curl", "-s", "--max-time", "5", "-w", " %{http_code}", `http://${service}.shop/`]);
    return stdout;
  }

  test("rolls a Deployment out, and no request fails on the way", { timeout: 90_000 }, async () => {
    const caller = deployment("caller", { ANSWER: "caller" });
    await cluster.objects.set([namespace, ...caller, ...deployment("web", { ANSWER: "old" })]);
    await untilRolledOut(cluster, node);
    await vi.waitFor(async () => expect(await ask("web")).toBe("old 200"), { timeout: 10_000 });
    const answers: string[] = [];
    const ending = new AbortController();
    const asking = (async () => {
      while (!ending.signal.aborted) answers.push(await ask("web"));
    })();
    await cluster.objects.apply(deployment("web", { ANSWER: "new" }));
    await untilRolledOut(cluster, node);
    await delay(200);
    ending.abort();
    await asking;
    expect(new Set(answers)).toEqual(new Set(["old 200", "new 200"]));
    expect(answers.at(-1)).toBe("new 200");
  });

  test("gives a pod its time to end, and no more", { timeout: 60_000 }, async () => {
    const stubborn = deployment("stubborn", { ANSWER: "here", OBSTINATE: "yes" }, 3);
    await cluster.objects.set([namespace, ...stubborn]);
    await untilRolledOut(cluster, node);
    const { items } = await cluster.api.list({ apiVersion: "v1", kind: "Pod" });
    const pod = items.find(({ metadata }) => metadata.name.startsWith("stubborn"));
    if (pod === undefined) throw new Error("the Deployment has pods");
    const key = `shop/${pod.metadata.name}`;
    const asked = performance.now();
    await cluster.api.removeInTime(pod);
    await delay(2_000);
    expect(node.pods.has(key)).toBe(true);
    await vi.waitFor(() => expect(node.pods.has(key)).toBe(false), { timeout: 10_000, interval: 20 });
    expect(performance.now() - asked).toBeGreaterThan(2_900);
    expect(performance.now() - asked).toBeLessThan(6_000);
  });

  test("leaves no network behind, stopped or killed", { timeout: 60_000 }, async () => {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const maker = spawn(process.execPath, [fileURLToPath(new URL("hold-network.ts", import.meta.url))], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      makers.push(maker);
      await once(maker.stdout, "data");
      expect(await networksOf(maker.pid)).toEqual({ namespaces: 2, bridges: 1 });
      maker.kill(signal);
      await once(maker, "exit");
      await vi.waitFor(async () => expect(await networksOf(maker.pid)).toEqual({ namespaces: 0, bridges: 0 }), { timeout: 10_000 });
    }
  });
});

async function networksOf(pid: number | undefined): Promise<{ readonly namespaces: number; readonly bridges: number }> {
  const [{ stdout: namespaces }, { stdout: links }] = await Promise.all([run("ip", ["netns", "list"]), run("ip", ["-o", "link"])]);
  return { namespaces: namespaces.split(`puggle-${pid}-`).length - 1, bridges: links.split(`alias puggle-${pid}-`).length - 1 };
}
