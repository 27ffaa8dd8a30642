import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { KubernetesResource } from "@puggle/mesh-config";
import { parseAllDocuments } from "yaml";
import type { KubernetesApi } from "./api.ts";

const AT_A_TIME = 16;

/** The objects that a test has put into the cluster. */
export class ClusterObjects {
  readonly #api: KubernetesApi;
  /** By what names them, with what was asked for and what the API server made of it. */
  readonly #applied = new Map<string, { readonly wanted: string; readonly stored: KubernetesResource }>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /** Puts objects into the cluster that stay there; those that define kinds are in force when this returns. */
  async install(resources: readonly KubernetesResource[]): Promise<void> {
    await inTurns(resources, async (resource) => {
      await this.#api.apply(resource);
      if (resource.kind === "CustomResourceDefinition") await this.#untilEstablished(resource);
    });
  }

  /**
   * Makes the cluster hold these objects, and of those that were put here before no other; gives them as the API server has them, with the times at which they
   * were created.
   */
  async set(resources: readonly KubernetesResource[]): Promise<readonly KubernetesResource[]> {
    const wanted = new Set(resources.map(keyOf));
    const gone = [...this.#applied].filter(([key]) => !wanted.has(key));
    await inTurns(gone, async ([key, { stored }]) => {
      await this.#api.remove(stored);
      this.#applied.delete(key);
    });
    await this.apply(resources.filter(({ kind }) => kind === "Namespace"));
    return this.apply(resources);
  }

  /** Adds or changes objects. */
  async apply(resources: readonly KubernetesResource[]): Promise<readonly KubernetesResource[]> {
    const stored = new Array<KubernetesResource>(resources.length);
    await inTurns([...resources.entries()], async ([index, resource]) => {
      stored[index] = await this.#applyOne(resource);
    });
    return stored;
  }

  async #applyOne(resource: KubernetesResource): Promise<KubernetesResource> {
    const key = keyOf(resource);
    const wanted = JSON.stringify(resource);
    const known = this.#applied.get(key);
    if (known?.wanted === wanted) return known.stored;
    const stored = await this.#api.apply(resource);
    this.#applied.set(key, { wanted, stored });
    return stored;
  }

  async #untilEstablished(definition: KubernetesResource): Promise<void> {
    for (;;) {
      const { status } = await this.#api.read(definition);
      const { conditions } = (status ?? {}) as { conditions?: { type: string; status: string }[] | null };
      if (conditions?.some(({ type, status }) => type === "Established" && status === "True")) return;
      await delay(20);
    }
  }
}

/** The documents of a file, such as the custom resource definitions. */
export async function readResources(path: string): Promise<readonly KubernetesResource[]> {
  const documents = parseAllDocuments(await readFile(path, "utf8"));
  return documents.map((document) => document.toJS() as KubernetesResource | null).filter((resource) => resource !== null);
}

function keyOf({ apiVersion, kind, metadata }: KubernetesResource): string {
  return [apiVersion, kind, metadata.namespace ?? "", metadata.name].join("/");
}

/** Some at a time; what fails stops none of the others, so that nothing goes on when this has thrown. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
