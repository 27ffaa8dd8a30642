import { startEnvoy } from "@puggle/local-envoy";
import { generate } from "@puggle/mesh-config";
import type { Mesh } from "@puggle/model";
import { startApp } from "./app.ts";
import { environmentOf } from "./environment.ts";
import { addressesOf, type Instance, layOut } from "./layout.ts";

const NAMES = new URL("./names.ts", import.meta.url).href;
const REGISTER = "@puggle/propagation/register";

/** The services whose code says nothing of propagation: it is switched on where they are started. The others import it in their first line. */
const PRELOADED = new Set(["catalog", "cart"]);

export interface ShopOptions {
  readonly mesh: Mesh;
  /** The path of an Envoy binary. */
  readonly envoy: string;
  /** Takes configurations and logs. */
  readonly folder: string;
  /** Stops it while it starts. */
  readonly signal: AbortSignal;
  /** Called when one more of so many processes is up. */
  readonly onProgress: (started: number, total: number) => void;
}

export interface RunningShop {
  /** Where a person's requests come in, as `http://127.0.0.1:<port>`. */
  readonly gatewayUrl: string;
  /** Where an instance's process listens itself, past its sidecar; `undefined` where there is no such instance. */
  readonly findAppUrl: (service: string, virtualCluster?: string) => string | undefined;
  readonly processes: number;
  readonly stop: () => Promise<void>;
}

interface Stoppable {
  readonly stop: () => Promise<void>;
}

/**
 * Starts the shop: each baseline and each member of the mesh as a process of its own behind an Envoy of its own, the gateway, and the hosts outside.
 *
 * @throws AppStartError, EnvoyStartError Where one of them does not come up; the others are stopped.
 * @throws The signal's reason, where it was aborted.
 */
export async function startShop(options: ShopOptions): Promise<RunningShop> {
  const layout = await layOut(options.mesh);
  const files = new Map(generate(options.mesh, "envoy", { addresses: addressesOf(layout) }).map(({ path, text }) => [path, text]));
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const sidecar = (name: string, path: string) => {
    const text = files.get(path) ?? "";
    return startEnvoy({ binary: options.envoy, name, folder: options.folder, config: { text }, signal });
  };
  const app = (name: string, service: string, preload: readonly string[], environment: Record<string, string>) =>
    startApp({ name, service, preload, environment, port: Number(environment.PORT), logFolder: options.folder, signal });
  const starts: (() => Promise<Stoppable>)[] = [
    () => sidecar("gateway", "envoy/gateway.yaml"),
    ...[...layout.outside].map(
      ([host, port]) =>
        () =>
          app(host, "payments", [], { PORT: String(port) }),
    ),
    ...layout.instances.flatMap((instance) => [
      () => app(instance.name, instance.service, preloadsOf(instance), environmentOf(instance)),
      () => sidecar(instance.name, `envoy/${instance.address.namespace}/${instance.name}.yaml`),
    ]),
  ];
  const started = await startAll(starts, failure, options.onProgress);
  return {
    gatewayUrl: `http://127.0.0.1:${layout.gateway.port}`,
    findAppUrl: (service, virtualCluster) => {
      const found = layout.instances.find((instance) => instance.service === service && instance.virtualCluster === virtualCluster);
      return found && `http://127.0.0.1:${found.address.ports[80]?.app}`;
    },
    processes: started.length,
    stop: async () => void (await Promise.all(started.map((process) => process.stop()))),
  };
}

function preloadsOf({ service }: Instance): string[] {
  return PRELOADED.has(service) ? [NAMES, REGISTER] : [NAMES];
}

/** All or none: the first failure stops what has started and what is starting. */
async function startAll(starts: readonly (() => Promise<Stoppable>)[], failure: AbortController, onProgress: ShopOptions["onProgress"]) {
  let up = 0;
  onProgress(up, starts.length);
  const outcomes = await Promise.allSettled(
    starts.map(async (start) => {
      try {
        const process = await start();
        onProgress(++up, starts.length);
        return process;
      } catch (error) {
        failure.abort(error);
        throw error;
      }
    }),
  );
  const started = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
  if (!failure.signal.aborted) return started;
  await Promise.all(started.map((process) => process.stop()));
  throw failure.signal.reason;
}
