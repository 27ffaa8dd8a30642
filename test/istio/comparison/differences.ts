import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { compile, type KubernetesResource, printRoutes } from "@puggle/mesh-config";
import type { LoopbackSidecar } from "../sidecars/loopback-sidecar.ts";
import { canonical, canonicalByDomain } from "./canonical.ts";

const WITHIN_MS = 5_000;
const POLL_MS = 20;

/** A host that nothing else has: once a proxy knows it, the proxy knows all that was said with it. */
export interface Marker {
  readonly host: string;
  readonly resource: KubernetesResource;
}

export function makeMarker(number: number): Marker {
  const host = `marker-${number}.puggle.test`;
  const spec = { hosts: [host], gateways: ["mesh", "edge/edge"], http: [{ directResponse: { status: 200 } }] };
  const resource = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: { name: "marker", namespace: "tools" }, spec };
  return { host, resource };
}

/** What one proxy is told of one port, and what `compile` says that it is told. */
export interface Difference {
  readonly proxy: string;
  readonly routes: string;
  readonly compiled: unknown;
  readonly sent: unknown;
}

/**
 * Waits until istiod has told a proxy of the marker, and compares all that it told with what `compile` says. What is told piece by piece may differ on the way:
 * only a difference that stays is one.
 *
 * @throws where the proxy is not told in time.
 */
export async function findDifference(
  sidecar: LoopbackSidecar,
  resources: readonly KubernetesResource[],
  marker: Marker,
): Promise<Difference | undefined> {
  const table = compile(resources, sidecar.proxy);
  const simplify = (value: unknown) => (sidecar.proxy.kind === "gateway" ? canonicalByDomain(value ?? {}) : canonical(value));
  const deadline = Date.now() + WITHIN_MS;
  let found: Difference | undefined;
  do {
    const sent = await sidecar.routeConfigurations();
    const isTold = [...sent.values()].some((configuration) => JSON.stringify(configuration).includes(`"${marker.host}"`));
    found = isTold ? undefined : { proxy: sidecar.name, routes: "any", compiled: `${marker.host} somewhere`, sent: "nothing of it" };
    for (const name of isTold ? Object.keys(sidecar.listeners) : []) {
      const compiled = simplify(printRoutes(table, portOf(name), name));
      const told = simplify(sent.get(name));
      if (!isDeepStrictEqual(compiled, told)) found ??= { proxy: sidecar.name, routes: name, compiled, sent: told };
    }
    if (found !== undefined) await delay(POLL_MS);
  } while (found !== undefined && Date.now() < deadline);
  return found;
}

/** Of a route configuration's name: `80`, or `http.80` for a gateway. */
export function portOf(routes: string): number {
  return Number(routes.replace("http.", ""));
}
