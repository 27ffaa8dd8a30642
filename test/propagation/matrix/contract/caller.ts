import { deepStrictEqual } from "node:assert/strict";
import { currentVirtualCluster, runInVirtualCluster } from "@puggle/propagation";
import type { Hop, Place } from "../servers/hops.ts";
import type { Servers } from "../servers/servers.ts";
import type { OpenedWay, SendOptions, WayOut } from "../ways-out/way.ts";
import { inTime } from "./in-time.ts";

/** What to ask for. */
export interface Wanted extends SendOptions {
  /** Default: `/echo`. */
  readonly path?: string;
  /** Default: `target`. */
  readonly place?: Place;
  /** Where the server sends the client on to. */
  readonly to?: Place;
  /** How long the server waits, in milliseconds. */
  readonly delay?: number;
}

/** What became of a call. */
export interface Called {
  readonly name: string | undefined;
  readonly hops: readonly Hop[];
  /** The text of the answer, or the error. */
  readonly answer: string | Error;
  /** The events that the client told its user of, with the name that their listeners found. */
  readonly noted: readonly (readonly [event: string, name: string | undefined])[];
  /** The name that the code after the call found. */
  readonly after: string | undefined;
}

let lastId = 0;

/** Calls by one way, and keeps what it sees. */
export class Caller {
  readonly way: WayOut;
  readonly opened: OpenedWay;
  readonly servers: Servers;

  constructor(way: WayOut, opened: OpenedWay, servers: Servers) {
    this.way = way;
    this.opened = opened;
    this.servers = servers;
  }

  /** An id for a call, to be given to it. */
  nextId(): string {
    lastId += 1;
    return `${lastId}`;
  }

  /** Calls in a virtual cluster, or in none. Never rejects for what the call itself comes to. */
  async call(name: string | undefined, wanted: Wanted = {}, id = this.nextId()): Promise<Called> {
    const url = this.#urlOf(wanted, id);
    const noted: [string, string | undefined][] = [];
    const { headers, signal, body } = wanted;
    const options: SendOptions = {
      ...(headers === undefined ? {} : { headers }),
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body }),
      note: (event) => noted.push([event, currentVirtualCluster()]),
    };
    return runInVirtualCluster(name, async () => {
      const answer = await inTime("no answer", this.opened.send(url, options)).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
      return { name, hops: this.servers.hops.take(id), answer, noted, after: currentVirtualCluster() };
    });
  }

  #urlOf({ path = "/echo", place = "target", to, delay = 0 }: Wanted, id: string): string {
    const { servers, way } = this;
    const query = new URLSearchParams({ id, delay: `${delay}` });
    if (to !== undefined) query.set("to", `${servers.originOf(way.server, to)}/echo?id=${id}`);
    return `${servers.originOf(way.server, place)}${path}?${query}`;
  }
}

/** The call was answered, by the server that it was for. */
export function expectAnswered({ answer, hops }: Called): void {
  if (answer instanceof Error) throw answer;
  deepStrictEqual(JSON.parse(answer).names, hops.at(-1)?.names, "the answer is of another request");
}

/** Every target saw the name of the call, and once; or no header at all, if it has none. */
export function expectNameOnTheWire({ name, hops }: Called): void {
  deepStrictEqual(
    hops.map(({ place, names }) => [place, names]),
    hops.map(({ place }) => [place, name === undefined || place === "stranger" ? [] : [name]]),
  );
}

/** Whoever made the call found its name in all that came of it. */
export function expectContext({ name, noted, after }: Called): void {
  deepStrictEqual(
    [...noted.map(([event]) => event), "after"].map((event, index) => [event, (noted[index] ?? ["after", after])[1]]),
    [...noted.map(([event]) => [event, name]), ["after", name]],
  );
}
