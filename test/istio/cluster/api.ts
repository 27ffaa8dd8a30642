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

  /** Changes the status, or another part that has a path of its own. */
  async patchPart(resource: KubernetesResource, part: string, patch: object): Promise<KubernetesResource> {
    return this.#ask("PATCH", `${await this.#pathOf(resource)}/${part}`, JSON.stringify(patch), "application/merge-patch+json");
  }

  async read(resource: KubernetesResource): Promise<KubernetesResource> {
    return this.#ask("GET", await this.#pathOf(resource));
  }

  /** One that is gone already counts as removed. */
  async remove(resource: KubernetesResource): Promise<void> {
    try {
      await this.#ask("DELETE", `${await this.#pathOf(resource)}?gracePeriodSeconds=0`);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #pathOf({ apiVersion, kind, metadata }: KubernetesResource): Promise<string> {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = (await this.#kindsOf(root)).get(kind);
    if (known === undefined) throw new ApiError(404, `the API server has no ${kind} in ${apiVersion}`);
    const namespace = known.isNamespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${root}${namespace}/${known.plural}/${metadata.name}`;
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

  async #ask<Answer = KubernetesResource>(method: "GET" | "PATCH" | "DELETE", path: string, body?: string, type?: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#access.token}`, ...(type === undefined ? {} : { "content-type": type }) };
    const dispatcher = this.#dispatcher;
    const answer = await request(`${this.#access.url}${path}`, { method, headers, dispatcher, ...(body === undefined ? {} : { body }) });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return JSON.parse(text) as Answer;
    throw new ApiError(answer.statusCode, `${method} ${path} was answered ${answer.statusCode}: ${text}`);
  }
}
