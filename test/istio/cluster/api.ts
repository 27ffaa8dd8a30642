import { createInterface } from "node:readline";
import type { KubernetesResource } from "@puggle/mesh-config";
import { Agent, request } from "undici";

const FIELD_MANAGER = "puggle-test";

/** Where an API server is, and who asks. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
  /** In PEM. */
  readonly certificate: string;
}

/** An answer of the API server that is no success. */
class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface ObjectList {
  readonly items: readonly KubernetesResource[];
  /** From which a watch goes on. */
  readonly version: string;
}

interface ObjectEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "ERROR";
  readonly object: KubernetesResource;
}

interface Kind {
  readonly plural: string;
  readonly isNamespaced: boolean;
}

/**
 * Kubernetes objects as the API server has them. The official client is no use here: it sends the fields that it knows, and of a custom resource definition
 * it does not know all.
 */
export class KubernetesApi {
  readonly #access: ApiAccess;
  readonly #dispatcher: Agent;
  readonly #kinds = new Map<string, Promise<ReadonlyMap<string, Kind>>>();

  constructor(access: ApiAccess) {
    this.#access = access;
    this.#dispatcher = new Agent({ connect: { ca: access.certificate }, connections: 16 });
  }

  /** Server-side apply: makes or changes an object, and gives it as it is then. */
  async apply(resource: KubernetesResource): Promise<KubernetesResource> {
    const path = `${await this.#pathOf(resource)}?fieldManager=${FIELD_MANAGER}&force=true`;
    return this.#ask("PATCH", path, JSON.stringify(resource), "application/apply-patch+yaml");
  }

  /** Makes the part of an object that is made once, such as a Pod's binding to a node. */
  async createPart(resource: KubernetesResource, part: string, body: object): Promise<void> {
    await this.#ask("POST", `${await this.#pathOf(resource)}/${part}`, JSON.stringify(body), "application/json");
  }

  /** All objects of a kind, in every namespace. */
  async list({ apiVersion, kind }: Pick<KubernetesResource, "apiVersion" | "kind">): Promise<ObjectList> {
    const path = await this.#pathOfAll(apiVersion, kind);
    const { items, metadata } = await this.#ask<{ items: KubernetesResource[]; metadata: { resourceVersion: string } }>("GET", path);
    // Lists name the kind of their items once.
    return { items: items.map((item) => ({ ...item, apiVersion, kind })), version: metadata.resourceVersion };
  }

  /** What happens to the objects of a kind after a {@link list}, until the signal or the API server ends it. */
  async *watch(
    { apiVersion, kind }: Pick<KubernetesResource, "apiVersion" | "kind">,
    { version, signal }: { readonly version: string; readonly signal: AbortSignal },
  ): AsyncGenerator<ObjectEvent> {
    const path = `${await this.#pathOfAll(apiVersion, kind)}?watch=true&allowWatchBookmarks=false&resourceVersion=${version}`;
    const headers = { authorization: `Bearer ${this.#access.token}` };
    const { statusCode, body } = await request(`${this.#access.url}${path}`, {
      headers,
      dispatcher: this.#dispatcher,
      signal,
      bodyTimeout: 0,
    });
    if (statusCode >= 300) throw new ApiError(statusCode, `GET ${path} was answered ${statusCode}: ${await body.text()}`);
    for await (const line of createInterface({ input: body })) yield JSON.parse(line) as ObjectEvent;
  }

  /** Changes the status, or another part that has a path of its own. */
  async patchPart(resource: KubernetesResource, part: string, patch: object): Promise<KubernetesResource> {
    return this.#ask("PATCH", `${await this.#pathOf(resource)}/${part}`, JSON.stringify(patch), "application/merge-patch+json");
  }

  /** Changes some fields of an object. */
  async patch(resource: KubernetesResource, patch: object): Promise<KubernetesResource> {
    return this.#ask("PATCH", await this.#pathOf(resource), JSON.stringify(patch), "application/merge-patch+json");
  }

  async read(resource: KubernetesResource): Promise<KubernetesResource> {
    return this.#ask("GET", await this.#pathOf(resource));
  }

  /** At once and for good, whoever still stops what it stands for; one that is gone already counts as removed. */
  async remove(resource: KubernetesResource): Promise<void> {
    await this.#remove(resource, { gracePeriodSeconds: 0 });
  }

  /** As `kubectl delete` does: a Pod has its own time to end. */
  async removeInTime(resource: KubernetesResource): Promise<void> {
    await this.#remove(resource, {});
  }

  async #remove(resource: KubernetesResource, options: { readonly gracePeriodSeconds?: number }): Promise<void> {
    const { uid } = resource.metadata;
    // Another of that name, where this one is gone, is another.
    const body = JSON.stringify({ ...options, ...(uid === undefined ? {} : { preconditions: { uid } }) });
    try {
      await this.#ask("DELETE", await this.#pathOf(resource), body, "application/json");
    } catch (error) {
      if (!(error instanceof ApiError && (error.status === 404 || (uid !== undefined && error.status === 409)))) throw error;
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #pathOfAll(apiVersion: string, kind: string): Promise<string> {
    const { plural } = await this.#kindOf(apiVersion, kind);
    return `${rootOf(apiVersion)}/${plural}`;
  }

  async #pathOf({ apiVersion, kind, metadata }: KubernetesResource): Promise<string> {
    const { plural, isNamespaced } = await this.#kindOf(apiVersion, kind);
    const namespace = isNamespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${rootOf(apiVersion)}${namespace}/${plural}/${metadata.name}`;
  }

  async #kindOf(apiVersion: string, kind: string): Promise<Kind> {
    const root = rootOf(apiVersion);
    const known = (await this.#kindsOf(root)).get(kind);
    if (known === undefined) throw new ApiError(404, `the API server has no ${kind} in ${apiVersion}`);
    return known;
  }

  #kindsOf(root: string): Promise<ReadonlyMap<string, Kind>> {
    const known = this.#kinds.get(root);
    if (known !== undefined) return known;
    const asked = this.#ask<{ resources: { name: string; kind: string; namespaced: boolean }[] }>("GET", root).then(
      ({ resources }) =>
        new Map(
          resources
            .filter(({ name }) => !name.includes("/"))
            .map(({ name, kind, namespaced }) => [kind, { plural: name, isNamespaced: namespaced }] as const),
        ),
    );
    // What is not there yet may come with a custom resource definition.
    asked.catch(() => this.#kinds.delete(root));
    this.#kinds.set(root, asked);
    return asked;
  }

  async #ask<Answer = KubernetesResource>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    body?: string,
    type?: string,
  ): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#access.token}`, ...(type === undefined ? {} : { "content-type": type }) };
    const dispatcher = this.#dispatcher;
    const answer = await request(`${this.#access.url}${path}`, { method, headers, dispatcher, ...(body === undefined ? {} : { body }) });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return JSON.parse(text) as Answer;
    throw new ApiError(answer.statusCode, `${method} ${path} was answered ${answer.statusCode}: ${text}`);
  }
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
