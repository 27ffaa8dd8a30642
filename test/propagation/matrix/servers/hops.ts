/** Where a server stands: at a target, at another target, or at a host that is none. */
export type Place = "target" | "other" | "stranger";

/** One request as a server saw it. */
export interface Hop {
  readonly place: Place;
  /** The values of the header as they came over the wire, one for each time that it was sent. */
  readonly names: readonly string[];
  /** Tells connections apart. */
  readonly connection: number;
  /** Did it come while another request on its connection had no answer yet? */
  readonly overlaps: boolean;
  /** Bytes of the body that came so far. */
  received: number;
}

/** What servers saw, by the `id` in the URL of each request: kept until somebody takes it. */
export class HopLog {
  readonly #hops = new Map<string, Hop[]>();
  readonly #connections = new WeakMap<object, { readonly id: number; open: number }>();
  readonly #waiting = new Map<string, () => void>();
  #lastConnection = 0;

  /** Notes a request; `leave` is to be called when it is over. */
  enter(id: string, place: Place, names: readonly string[], connection: object): { readonly hop: Hop; leave(): void } {
    const known = this.#connections.get(connection) ?? { id: ++this.#lastConnection, open: 0 };
    this.#connections.set(connection, known);
    const hop: Hop = { place, names, connection: known.id, overlaps: known.open > 0, received: 0 };
    known.open += 1;
    this.#hops.set(id, [...(this.#hops.get(id) ?? []), hop]);
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
    let isOver = false;
    return {
      hop,
      leave: () => {
        if (!isOver) known.open -= 1;
        isOver = true;
      },
    };
  }

  /** How many requests with this id came so far. */
  count(id: string): number {
    return this.#hops.get(id)?.length ?? 0;
  }

  /** Settles when a request with this id has come. */
  arrived(id: string): Promise<void> {
    return this.count(id) > 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** What came with this id, in order; forgets it. */
  take(id: string): readonly Hop[] {
    const hops = this.#hops.get(id) ?? [];
    this.#hops.delete(id);
    return hops;
  }
}
