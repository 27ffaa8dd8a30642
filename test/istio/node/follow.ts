import { setTimeout as delay } from "node:timers/promises";
import type { KubernetesResource } from "@puggle/mesh-config";
import type { KubernetesApi } from "../cluster/api.ts";

const AGAIN_AFTER_MS = 100;

/** The objects of a kind as they are now, by what names them. */
export interface Followed {
  readonly objects: ReadonlyMap<string, KubernetesResource>;
  readonly stop: () => Promise<void>;
}

/**
 * Keeps up with all objects of a kind, and tells of every change: the object as it is then, or as it was last where it is gone.
 *
 * Where a watch ends it lists again, so that a change in between is told all the same.
 */
export async function follow(
  api: KubernetesApi,
  kind: Pick<KubernetesResource, "apiVersion" | "kind">,
  onChange: (object: KubernetesResource, isGone: boolean) => void = () => undefined,
): Promise<Followed> {
  const objects = new Map<string, KubernetesResource>();
  const ending = new AbortController();
  const { signal } = ending;
  const keep = (object: KubernetesResource) => {
    objects.set(keyOf(object), object);
    onChange(object, false);
  };
  const drop = (object: KubernetesResource) => {
    objects.delete(keyOf(object));
    onChange(object, true);
  };
  const relist = async () => {
    const { items, version } = await api.list(kind);
    const there = new Set(items.map(keyOf));
    for (const [key, object] of objects) if (!there.has(key)) drop(object);
    for (const item of items) keep(item);
    return version;
  };
  const watch = async (version: string) => {
    for await (const { type, object } of api.watch(kind, { version, signal })) {
      if (type === "ERROR") return;
      if (type === "DELETED") drop(object);
      else keep(object);
    }
  };
  const first = await relist();
  const following = (async () => {
    for (let version: string | undefined = first; !signal.aborted; version = undefined) {
      try {
        await watch(version ?? (await relist()));
      } catch {
        if (!signal.aborted) await delay(AGAIN_AFTER_MS);
      }
    }
  })();
  return {
    objects,
    stop: async () => {
      ending.abort();
      await following;
    },
  };
}

function keyOf({ metadata }: KubernetesResource): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
