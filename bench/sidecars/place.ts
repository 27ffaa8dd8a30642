import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findEnvoy, type RunningEnvoy, startEnvoy } from "@puggle/local-envoy";
import { type Cluster, startCluster } from "../../test/istio/cluster/cluster.ts";
import { makePodNetwork, type PodNamespace, type PodNetwork } from "../../test/istio/node/pod-network.ts";
import { startRelay } from "../../test/istio/node/relay.ts";
import { until } from "../../test/istio/node/settle.ts";
import { findMissing, findMissingForNode } from "../../test/istio/requirements.ts";
import type { Marker } from "../../test/istio/sidecars/marker.ts";
import { startPodSidecar } from "../../test/istio/sidecars/pod-sidecar.ts";
import { findUntold } from "../../test/istio/sidecars/told.ts";
import { buildTools } from "../../test/istio/tools/build.ts";
import { CALLER, NAMESPACES, NODE, podObject, podStatus } from "./mesh.ts";

const run = promisify(execFile);

export interface MeasuredSidecar {
  readonly adminUrl: string;
  readonly pid: number;
  readonly inside: PodNamespace;
}

/** Where the measured sidecar and what answers it run: pods without a node. */
export class Place {
  readonly #cluster: Cluster;
  readonly #network: PodNetwork;
  readonly #envoy: string;
  readonly #closing: (() => Promise<void>)[];

  private constructor(cluster: Cluster, network: PodNetwork, envoy: string, closing: (() => Promise<void>)[]) {
    this.#cluster = cluster;
    this.#network = network;
    this.#envoy = envoy;
    this.#closing = closing;
  }

  /**
   * @param closing - gets what takes all of it down, which is to be called in the opposite order
   * @throws where the machine lacks what a cluster and its pods need
   */
  static async open(closing: (() => Promise<void>)[], onProgress: (message: string) => void): Promise<Place> {
    const missing = [...findMissing(), ...findMissingForNode()];
    if (missing.length > 0) throw new Error(`sidecars can not be measured here; this is missing:\n${missing.join("\n")}`);
    const tools = await buildTools(onProgress);
    const { path: envoy } = await findEnvoy();
    const cluster = await startCluster(tools, { onProgress });
    closing.push(cluster.stop);
    const network = await makePodNetwork();
    closing.push(network.stop);
    await cluster.objects.install([NODE, ...NAMESPACES]);
    return new Place(cluster, network, envoy, closing);
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  /** A pod that answers every request with one word. */
  async addUpstream(name: string, labels: Readonly<Record<string, string>>, says: string): Promise<void> {
    const inside = await this.#addPod(name, labels, false);
    const server = await startEnvoy({
      binary: this.#envoy,
      launcher: inside.launcher,
      name,
      config: { text: answering(inside.address, says) },
    });
    this.#closing.push(server.stop);
  }

  /** A pod with a full sidecar, once that knows the marker and all that came before it. */
  async addSidecar(marker: Marker, name = "caller"): Promise<MeasuredSidecar> {
    const inside = await this.#addPod(name, CALLER.labels, true);
    const relay = await startRelay(this.#network.hostAddress, this.#cluster.istiod.discoveryPort);
    this.#closing.push(relay.stop);
    const sidecar = await startPodSidecar({
      name,
      proxy: CALLER,
      address: inside.address,
      binary: this.#envoy,
      istiod: { host: this.#network.hostAddress, port: relay.port },
      secrets: undefined,
      launcher: inside.launcher,
      folder: this.#cluster.folder,
    });
    this.#closing.push(sidecar.stop);
    await this.#untilTold(sidecar, marker);
    const { stdout } = await run("ip", ["netns", "pids", inside.launcher.at(-1) ?? ""]);
    return { adminUrl: sidecar.adminUrl, pid: Number(stdout.trim()), inside };
  }

  async #addPod(name: string, labels: Readonly<Record<string, string>>, isRedirected: boolean): Promise<PodNamespace> {
    const inside = await this.#network.addPod({ searchDomains: ["cluster.local"], isRedirected });
    const pod = podObject(name, labels);
    await this.#cluster.objects.install([pod]);
    await this.#cluster.api.patchPart(pod, "status", podStatus(inside.address));
    return inside;
  }

  async #untilTold({ adminUrl }: Pick<RunningEnvoy, "adminUrl">, marker: Marker): Promise<void> {
    await until("the sidecar knows all", () => findUntold(adminUrl, marker));
  }
}

/** An Envoy that answers everything by itself: the cheapest that a pod can be. */
function answering(address: string, body: string): string {
  const type = "type.googleapis.com/envoy.extensions.filters";
  const at = (port: number) => ({ socket_address: { address, port_value: port } });
  const routes = [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: body } } }];
  const manager = {
    "@type": `${type}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "answer",
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
    http_filters: [{ name: "router", typed_config: { "@type": `${type}.http.router.v3.Router` } }],
  };
  const filters = [{ name: "http", typed_config: manager }];
  return JSON.stringify({
    admin: { address: at(15_000) },
    static_resources: { listeners: [{ name: "app", address: at(8080), filter_chains: [{ filters }] }] },
  });
}
