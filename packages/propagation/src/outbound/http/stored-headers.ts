import { HEADER } from "../../names.ts";

/** Headers as `node:http` stores them: by their names in lower case, each with its name as it was set, and its value. */
type HeaderStore = Record<string, [name: string, value: unknown]>;

/** Is this such a store, and no object of somebody else's? */
export function isHeaderStore(headers: unknown): headers is HeaderStore {
  return typeof headers === "object" && headers !== null && Object.getPrototypeOf(headers) === null;
}

/**
 * The name among a request's own headers, for as long as the head is written and no longer: a client that follows a redirect itself may ask
 * the request for its headers, and send them wherever it is led (superagent does).
 */
export class LentName {
  readonly #store: HeaderStore;
  readonly #baggage: HeaderStore[string] | undefined;

  constructor(store: HeaderStore, name: string, baggage: string | undefined) {
    this.#store = store;
    this.#baggage = store.baggage;
    store[HEADER] = [HEADER, name];
    if (baggage !== undefined) store.baggage = [this.#baggage?.[0] ?? "baggage", baggage];
  }

  takeBack(): void {
    delete this.#store[HEADER];
    if (this.#baggage === undefined) delete this.#store.baggage;
    else this.#store.baggage = this.#baggage;
  }
}
