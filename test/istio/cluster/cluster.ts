import { rm } from "node:fs/promises";
import type { Tools } from "../tools/build.ts";
import { KubernetesApi } from "./api.ts";
import { type ApiServer, startApiServer } from "./api-server.ts";
import { startControllerManager } from "./controller-manager.ts";
import type { Daemon } from "./daemon.ts";
import { startEtcd } from "./etcd.ts";
import { makeClusterFolder } from "./folder.ts";
import { type Istiod, startIstiod } from "./istiod.ts";
import { ClusterObjects, readResources } from "./objects.ts";

/** Whether sidecars talk to each other by mutual TLS, and then nobody to them without; they need certificates for it. */
function peerAuthentication(isMutual: boolean) {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "mesh", namespace: "istio-system" },
    spec: { mtls: { mode: isMutual ? "STRICT" : "DISABLE" } },
  };
}
const ROOT_NAMESPACE = { apiVersion: "v1", kind: "Namespace", metadata: { name: "istio-system" } };

/** A Kubernetes with Istio, of real parts, all on loopback; there are no nodes but what a test makes. */
export interface Cluster {
  /** Logs and keys; gone after `stop`. */
  readonly folder: string;
  readonly hasMutualTls: boolean;
  readonly apiServer: ApiServer;
  readonly istiod: Istiod;
  readonly api: KubernetesApi;
  readonly objects: ClusterObjects;
  /** Ends all of it and removes its folder. */
  readonly stop: () => Promise<void>;
}

export interface StartClusterOptions {
  /** Do sidecars talk to each other by mutual TLS? Not where this is left out. */
  readonly hasMutualTls?: boolean;
  readonly onProgress?: (message: string) => void;
}

/** Starts a cluster, whose processes end with this one, however it ends. */
export async function startCluster(
  tools: Tools,
  { hasMutualTls = false, onProgress = () => {} }: StartClusterOptions = {},
): Promise<Cluster> {
  const folder = await makeClusterFolder();
  const running: Daemon[] = [];
  const keep = <D extends Daemon>(daemon: D): D => {
    running.push(daemon);
    onProgress(`${daemon.name} is ready`);
    return daemon;
  };
  const closing: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0)) await close();
    for (const daemon of running.splice(0).reverse()) await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const etcd = keep(await startEtcd(folder));
    const apiServer = keep(await startApiServer(tools.binaries["kube-apiserver"], etcd.url, folder));
    const controllers = startControllerManager(tools.binaries["kube-controller-manager"], apiServer, folder);
    const api = new KubernetesApi(apiServer.access);
    closing.push(() => api.close());
    const objects = new ClusterObjects(api);
    await objects.install(await readResources(tools.istioCrdsPath));
    await objects.install([ROOT_NAMESPACE]);
    await objects.install([peerAuthentication(hasMutualTls)]);
    keep(await controllers);
    const istiod = keep(await startIstiod(tools.binaries["pilot-discovery"], apiServer, folder, hasMutualTls));
    return { folder, hasMutualTls, apiServer, istiod, api, objects, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
