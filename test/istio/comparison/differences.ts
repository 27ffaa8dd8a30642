import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { compile, type KubernetesResource, printRoutes } from "@puggle/mesh-config";
import type { LoopbackSidecar } from "../sidecars/loopback-sidecar.ts";
import { isTold, type Marker } from "../sidecars/marker.ts";
import { canonical, canonicalByDomain } from "./canonical.ts";

const WITHIN_MS = 5_000;
const POLL_MS = 20;

/** What one proxy is told of one port, and what `compile` says that it is told. */
export interface Difference {
  readonly proxy: string;
  readonly routes: string;
  /** Place by place: what `compile` says, and what istiod sends. */
  readonly places: readonly string[];
}

const MOST_PLACES = 8;

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
    const knows = isTold(marker, sent);
    found = knows ? undefined : { proxy: sidecar.name, routes: "any", places: [`${marker.host} was not sent`] };
    for (const name of knows ? Object.keys(sidecar.listeners) : []) {
      const compiled = simplify(printRoutes(table, portOf(name), name));
      const told = simplify(sent.get(name));
      if (!isDeepStrictEqual(compiled, told)) found ??= { proxy: sidecar.name, routes: name, places: placesOf(compiled, told, "") };
    }
    if (found !== undefined) await delay(POLL_MS);
  } while (found !== undefined && Date.now() < deadline);
  return found;
}

/** Where two values differ, as far down as they have the same shape. */
function placesOf(compiled: unknown, sent: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(compiled, sent)) return [];
  if (!isContainer(compiled) || !isContainer(sent) || Array.isArray(compiled) !== Array.isArray(sent))
    return [`${path}: compiled ${JSON.stringify(compiled)}, sent ${JSON.stringify(sent)}`];
  const keys = new Set([...Object.keys(compiled), ...Object.keys(sent)]);
  return [...keys].flatMap((key) => placesOf(Reflect.get(compiled, key), Reflect.get(sent, key), `${path}/${key}`)).slice(0, MOST_PLACES);
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Of a route configuration's name: `80`, or `http.80` for a gateway. */
export function portOf(routes: string): number {
  return Number(routes.replace("http.", ""));
}
