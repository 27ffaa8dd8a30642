import { execFile } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type LeashedProcess, type RunningEnvoy, spawnLeashed } from "@puggle/local-envoy";
import type { MeshProxy } from "@puggle/mesh-config";
import type { Address } from "../sidecars/bootstrap.ts";
import { startPodSidecar } from "../sidecars/pod-sidecar.ts";
import type { PodNamespace, PodNetwork } from "./pod-network.ts";
import { type ContainerObject, environmentOf, type PodObject } from "./pod-object.ts";

const execute = promisify(execFile);
const PROBE_EVERY_MS = 50;
const RESTART_AFTER_MS = 1_000;

export interface PodParts {
  readonly network: PodNetwork;
  /** Path of the Envoy that sidecars are. */
  readonly envoy: string;
  readonly istiod: Address;
  /** Where its sidecar gets certificates; `undefined` where it needs none. */
  readonly secrets: Address | undefined;
  /** Takes the logs of its containers, and what its sidecar writes. */
  readonly folder: string;
  readonly isInjected: boolean;
  /** Called whenever its containers have all become ready, or one no longer is. */
  readonly onReadiness: (isReady: boolean) => void;
}

/** A pod whose containers run as processes of this machine, in a network namespace of their own, with a sidecar where its namespace asks for one. */
export interface RunningPod {
  readonly name: string;
  readonly proxy: MeshProxy;
  readonly address: string;
  /** Of its admin interface, seen from this machine; `undefined` where it has no sidecar. */
  readonly sidecar: RunningEnvoy | undefined;
  /** Runs a program inside, as one of its containers would. */
  readonly run: (command: readonly string[]) => Promise<{ readonly stdout: string }>;
  /** The application first, then the sidecar, as Kubernetes ends sidecar containers. */
  readonly stop: (graceMs: number) => Promise<void>;
}

export async function runPod(pod: PodObject, parts: PodParts): Promise<RunningPod> {
  const { name, namespace, labels = {} } = pod.metadata;
  const proxy: MeshProxy = { kind: "sidecar", namespace, labels };
  const domains = [`${namespace}.svc.cluster.local`, "svc.cluster.local", "cluster.local"];
  const inside = await parts.network.addPod({ searchDomains: domains, isRedirected: parts.isInjected });
  const started: (() => Promise<unknown>)[] = [inside.remove];
  try {
    const { address } = inside;
    // What its containers are to be told is read before anything runs.
    const environments = pod.spec.containers.map((container) => environmentOf(container, pod, address));
    const sidecar = parts.isInjected ? await startSidecar({ name, proxy, address }, inside, parts) : undefined;
    if (sidecar !== undefined) started.push(sidecar.stop);
    const readiness = new Map<string, boolean>();
    const containers = pod.spec.containers.map((container, index) => {
      const place = { ...inside, environment: environments[index] ?? {}, logPath: logPathOf(container, pod, parts.folder) };
      return runContainer(container, place, (isReady) => {
        readiness.set(container.name, isReady);
        parts.onReadiness(pod.spec.containers.every((one) => readiness.get(one.name) === true));
      });
    });
    const stop = async (graceMs: number) => {
      await Promise.all(containers.map((container) => container.stop(graceMs)));
      await sidecar?.stop();
      await inside.remove();
    };
    const [launcher = "", ...launched] = inside.launcher;
    const run: RunningPod["run"] = (command) => execute(launcher, [...launched, ...command]);
    return { name, proxy, address, sidecar, run, stop };
  } catch (error) {
    for (const end of started.reverse()) await end();
    throw error;
  }
}

function logPathOf({ name }: ContainerObject, { metadata }: PodObject, folder: string): string {
  return join(folder, `${metadata.namespace}_${metadata.name}_${name}.log`);
}

function startSidecar(identity: { name: string; proxy: MeshProxy; address: string }, inside: PodNamespace, parts: PodParts) {
  return startPodSidecar({
    ...identity,
    launcher: inside.launcher,
    binary: parts.envoy,
    istiod: parts.istiod,
    secrets: parts.secrets,
    folder: parts.folder,
  });
}

interface ContainerPlace extends PodNamespace {
  readonly environment: NodeJS.ProcessEnv;
  readonly logPath: string;
}

interface RunningContainer {
  readonly stop: (graceMs: number) => Promise<void>;
}

/** Starts it again whenever it ends by itself. */
function runContainer(container: ContainerObject, place: ContainerPlace, onReadiness: (isReady: boolean) => void): RunningContainer {
  const { command = [], args = [] } = container;
  const { address, launcher, environment, logPath } = place;
  const [program = "", ...arguments_] = [...launcher, ...command, ...args];
  const ending = new AbortController();
  const { signal } = ending;
  let current: LeashedProcess | undefined;
  const running = (async () => {
    while (!signal.aborted) {
      const output = openSync(logPath, "a");
      current = spawnLeashed({ command: program, arguments: arguments_, environment, output });
      closeSync(output);
      const over = new AbortController();
      const probed = untilReady(container, address, over.signal).then((isReady) => isReady && onReadiness(true));
      await current.ended;
      over.abort();
      await probed;
      onReadiness(false);
      await delay(RESTART_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  })();
  const stop = async (graceMs: number) => {
    const deadline = Date.now() + graceMs;
    const sleepMs = 1_000 * (container.lifecycle?.preStop?.sleep?.seconds ?? 0);
    await delay(Math.min(sleepMs, graceMs));
    ending.abort();
    await current?.stop(Math.max(0, deadline - Date.now()));
    await running;
  };
  return { stop };
}

/** Asks once and for all: a container that was ready counts as ready until it ends. */
async function untilReady({ readinessProbe }: ContainerObject, address: string, signal: AbortSignal): Promise<boolean> {
  const { port, path = "/" } = readinessProbe?.httpGet ?? {};
  while (!signal.aborted && port !== undefined) {
    const { ok } = await fetch(`http://${address}:${port}${path}`, { signal }).catch(() => ({ ok: false }));
    if (ok) return true;
    await delay(PROBE_EVERY_MS);
  }
  return !signal.aborted;
}
