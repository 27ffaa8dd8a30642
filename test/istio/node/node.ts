import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { makeAuthority } from "../certificates/authority.ts";
import { startSecretServer } from "../certificates/secret-server.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { startClusterDns } from "./cluster-dns.ts";
import { follow } from "./follow.ts";
import { makePodNetwork } from "./pod-network.ts";
import type { PodObject } from "./pod-object.ts";
import { startRelay } from "./relay.ts";
import { type PodParts, type RunningPod, runPod } from "./running-pod.ts";

const NAME = "puggle-test-node";
const NODE = { apiVersion: "v1", kind: "Node", metadata: { name: NAME } };
const INJECTION_LABEL = "istio-injection";
const TLS_LABEL = "security.istio.io/tlsMode";
const INJECTION_OVERRIDE = "sidecar.istio.io/inject";

/** A node of the cluster that is scheduler and kubelet in one, and takes every Pod that there is. */
export interface ClusterNode {
  /** The pods that run, by namespace and name. */
  readonly pods: ReadonlyMap<string, RunningPod>;
  /** Ends all its pods at once. */
  readonly stop: () => Promise<void>;
}

export interface StartNodeOptions {
  /** Path of the Envoy that sidecars are. */
  readonly envoy: string;
  /** The pod, as `<namespace>/<the beginning of its name>`, to which every name outside the cluster leads. */
  readonly outside?: string;
  /** Told what goes wrong with a pod; the node goes on. */
  readonly onError?: (error: unknown) => void;
}

/** Starts a node, whose pods, networks and processes are gone when this process has ended, however it ends. */
export async function startNode(cluster: Cluster, { envoy, outside, onError = console.error }: StartNodeOptions): Promise<ClusterNode> {
  const { api, istiod } = cluster;
  const folder = join(cluster.folder, "pods");
  await mkdir(folder, { recursive: true });
  const closing: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const network = await makePodNetwork();
    closing.push(network.stop);
    const relay = await startRelay(network.hostAddress, istiod.discoveryPort);
    closing.push(relay.stop);
    const { hostAddress } = network;
    const secretServer = cluster.hasMutualTls ? await startSecretServer(hostAddress, await makeAuthority(folder)) : undefined;
    if (secretServer !== undefined) closing.push(secretServer.stop);
    const secrets = secretServer === undefined ? undefined : { host: hostAddress, port: secretServer.port };
    const services = await follow(api, { apiVersion: "v1", kind: "Service" });
    closing.push(services.stop);
    const namespaces = await follow(api, { apiVersion: "v1", kind: "Namespace" });
    closing.push(namespaces.stop);
    const pods = new Pods(cluster, onError, ({ metadata }) => {
      const { labels } = namespaces.objects.get(`/${metadata.namespace}`)?.metadata ?? {};
      const isInjected = labels?.[INJECTION_LABEL] === "enabled" && metadata.labels?.[INJECTION_OVERRIDE] !== "false";
      return { network, envoy, folder, isInjected, secrets, istiod: { host: network.hostAddress, port: relay.port } };
    });
    closing.push(() => pods.stop());
    const outsideAddress = () => [...pods.running].find(([key]) => outside !== undefined && key.startsWith(outside))?.[1].address;
    const dns = await startClusterDns({ address: network.hostAddress, services: () => services.objects.values(), outside: outsideAddress });
    closing.push(dns.stop);
    await cluster.objects.install([NODE]);
    await api.patchPart(NODE, "status", { status: { conditions: [{ type: "Ready", status: "True" }] } });
    const followed = await follow(api, { apiVersion: "v1", kind: "Pod" }, (object, isGone) => pods.take(object as PodObject, isGone));
    closing.push(followed.stop);
    return { pods: pods.running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type PartsOf = (pod: PodObject) => Omit<PodParts, "onReadiness">;

/** Each pod's own line of work: what is told of it is done in the order in which it was told. */
class Pods {
  readonly running = new Map<string, RunningPod>();
  readonly #cluster: Cluster;
  readonly #onError: (error: unknown) => void;
  readonly #partsOf: PartsOf;
  readonly #work = new Map<string, Promise<void>>();
  readonly #started = new Map<string, RunningPod>();
  #isStopping = false;

  constructor(cluster: Cluster, onError: (error: unknown) => void, partsOf: PartsOf) {
    this.#cluster = cluster;
    this.#onError = onError;
    this.#partsOf = partsOf;
  }

  take(pod: PodObject, isGone: boolean): void {
    const { uid } = pod.metadata;
    this.#afterwards(uid, () => this.#do(pod, isGone));
    if (isGone) this.#afterwards(uid, async () => void this.#work.delete(uid));
  }

  #afterwards(uid: string, work: () => Promise<void>): void {
    const before = this.#work.get(uid) ?? Promise.resolve();
    const done = before.then(work).catch((error: unknown) => {
      if (!this.#isStopping) this.#onError(error);
    });
    this.#work.set(uid, done);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#work.values());
    await Promise.all([...this.#started.values()].map((pod) => pod.stop(0)));
  }

  async #do(pod: PodObject, isGone: boolean): Promise<void> {
    const { api } = this.#cluster;
    const { uid, name, namespace, deletionTimestamp, deletionGracePeriodSeconds = 30 } = pod.metadata;
    const started = this.#started.get(uid);
    if (isGone) return this.#end(pod, 0);
    if (deletionTimestamp !== undefined) {
      await this.#end(pod, deletionGracePeriodSeconds * 1_000);
      return api.remove(pod);
    }
    if (this.#isStopping || started !== undefined) return;
    if (pod.spec.nodeName === undefined) {
      const target = { apiVersion: "v1", kind: "Node", name: NAME };
      return api.createPart(pod, "binding", { apiVersion: "v1", kind: "Binding", metadata: { name, namespace }, target });
    }
    const parts = this.#partsOf(pod);
    // Callers speak TLS to pods that say that they take it.
    if (parts.secrets !== undefined && parts.isInjected) await api.patch(pod, { metadata: { labels: { [TLS_LABEL]: "istio" } } });
    const onReadiness = (isReady: boolean) => this.#afterwards(uid, () => this.#report(pod, isReady));
    const running = await runPod(pod, { ...parts, onReadiness });
    this.#started.set(uid, running);
    this.running.set(`${namespace}/${name}`, running);
  }

  async #end({ metadata }: PodObject, graceMs: number): Promise<void> {
    const running = this.#started.get(metadata.uid);
    this.#started.delete(metadata.uid);
    await running?.stop(graceMs);
    if (running !== undefined) this.running.delete(`${metadata.namespace}/${metadata.name}`);
  }

  async #report(pod: PodObject, isReady: boolean): Promise<void> {
    const running = this.#started.get(pod.metadata.uid);
    // It is on its way out, where whether it is ready is told by that.
    if (running === undefined) return;
    const conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({
      type,
      status: isReady ? "True" : "False",
    }));
    const podIP = running.address;
    await this.#cluster.api.patchPart(pod, "status", { status: { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions } });
  }
}
