import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster } from "@puggle/propagation";
import type { Downstream } from "./isolation-downstream.ts";
import { type OpenedWay, type VersionedWayOut, waysOut } from "./matrix/ways-out/index.ts";

/** What an operation asks of the server, and how it ends. */
type OperationKind =
  | "plain"
  | "to a stranger"
  | "redirected"
  | "redirected to a stranger"
  | "failing"
  | "aborted"
  | "hanging"
  | "relayed"
  | "careless";

/** One outbound call: what it was to be, and what came of it. */
export interface Operation {
  readonly id: string;
  readonly way: string;
  readonly kind: OperationKind;
  readonly name: string | undefined;
  readonly outcome: "answered" | "failed" | "never ended";
  /** The first place in the call, if any, where its own code found another name than its own. */
  readonly strayed: string | undefined;
}

const KINDS: readonly (readonly [kind: OperationKind, share: number])[] = [
  ["plain", 0.57],
  ["to a stranger", 0.15],
  ["redirected", 0.05],
  ["redirected to a stranger", 0.05],
  ["failing", 0.05],
  ["aborted", 0.05],
  ["hanging", 0.02],
  ["relayed", 0.05],
  ["careless", 0.01],
];

const TIME_MS = 20_000;
/** Of the ways that open a connection for each request, which cost most, this share is taken when they are drawn. */
const COSTLY_SHARE = 0.25;
/** Ways that anybody may use from a pool that loses its callers' context. */
const CARELESS_WAYS = ["node:http request", "fetch", "undici request"];

/**
 * Under such a load, with this library or without it, all requests of an undici 6 that retries come to wait for ever now and then: two ways that
 * only the matrix and `concurrency.test.ts` cover.
 */
function mayStall({ name, package: installedAs }: VersionedWayOut): boolean {
  return installedAs === "undici6" && /retry/i.test(name);
}

/** To abort a request over HTTP/2, which undici 6 calls experimental, now and then throws where nobody can catch it, in undici's own code. */
function mayThrowAtAborts({ package: installedAs, server }: VersionedWayOut): boolean {
  return installedAs === "undici6" && server === "h2";
}

/** Calls by all ways out, and keeps a record of it. */
export class Operations {
  readonly done: Operation[] = [];
  underWay = 0;
  readonly ways: readonly VersionedWayOut[] = waysOut.filter((way) => !mayStall(way));
  readonly #opened: OpenedWay[] = [];
  readonly #downstream: Downstream;
  readonly #random: () => number;
  readonly #pool = new CarelessPool();
  #lastId = 0;

  constructor(downstream: Downstream, random: () => number) {
    this.#downstream = downstream;
    this.#random = random;
  }

  async open(): Promise<void> {
    for (const way of this.ways) this.#opened.push(await way.open());
  }

  async close(): Promise<void> {
    this.#pool.close();
    for (const way of this.#opened) await way.close();
  }

  /** Makes a call in the virtual cluster that the running code is meant to be in. */
  async operate(name: string | undefined, mayBeCareless: boolean): Promise<void> {
    const kind = this.#chooseKind(name, mayBeCareless);
    const index = this.#chooseWay(kind);
    const [way, opened] = [this.ways[index], this.#opened[index]];
    if (way === undefined || opened === undefined) throw new Error("the ways are not open");
    this.#lastId += 1;
    const id = `${this.#lastId}`;
    this.underWay += 1;
    let strayed: string | undefined;
    const check = (where: string) => {
      if (kind !== "careless" && currentVirtualCluster() !== name) strayed ??= `${where}: ${currentVirtualCluster()}`;
    };
    check("before");
    const call = () => opened.send(this.#urlOf(way, kind, id), this.#isBrokenOff(kind) ? { signal: this.#signal(kind) } : { note: check });
    const outcome = await inTime(kind === "careless" ? this.#pool.run(call) : call());
    check("after");
    this.underWay -= 1;
    this.done.push({ id, way: `${way.name} ${way.version ?? ""}`.trim(), kind, name, outcome, strayed });
  }

  async pause(): Promise<void> {
    if (this.#random() < 0.4) await sleep(Math.floor(this.#random() * 4));
  }

  #chooseKind(name: string | undefined, mayBeCareless: boolean): OperationKind {
    let left = this.#random();
    const kind = KINDS.find(([, share]) => {
      left -= share;
      return left < 0;
    })?.[0];
    return kind === undefined || (kind === "careless" && (name === undefined || !mayBeCareless)) ? "plain" : kind;
  }

  /** Any way that can do it. */
  #chooseWay(kind: OperationKind): number {
    for (;;) {
      const index = Math.floor(this.#random() * this.ways.length);
      const way = this.ways[index];
      if (way === undefined || !canDo(way, kind, this.#downstream)) continue;
      if (way.cannot["keep-alive"] === undefined || this.#random() < COSTLY_SHARE) return index;
    }
  }

  #urlOf(way: VersionedWayOut, kind: OperationKind, id: string): string {
    const origin = this.#downstream.originOf(way.server, kind === "to a stranger" ? "stranger" : "target");
    const query = new URLSearchParams({ id, delay: `${Math.floor(this.#random() * 5)}` });
    if (kind === "redirected" || kind === "redirected to a stranger") {
      const to = this.#downstream.originOf(way.server, kind === "redirected" ? "target" : "stranger");
      query.set("to", `${to}/echo?id=${id}`);
    }
    const path = kind === "hanging" ? "/hang" : kind === "failing" ? "/flaky" : "/echo";
    return `${kind === "relayed" ? this.#downstream.relayOriginOf(way.server) : origin}${path}?${query}`;
  }

  #isBrokenOff(kind: OperationKind): boolean {
    return kind === "aborted" || kind === "hanging";
  }

  #signal(kind: OperationKind): AbortSignal {
    return AbortSignal.timeout(kind === "hanging" ? 20 : 1 + Math.floor(this.#random() * 4));
  }
}

function canDo(way: VersionedWayOut, kind: OperationKind, downstream: Downstream): boolean {
  if (kind === "relayed") return downstream.relayOriginOf(way.server) !== undefined;
  if (kind === "careless") return CARELESS_WAYS.includes(way.name);
  if (kind === "aborted" || kind === "hanging") return way.cannot.abort === undefined && !mayThrowAtAborts(way);
  if (kind === "redirected") return way.cannot["redirect to a target"] === undefined;
  if (kind === "redirected to a stranger") return way.cannot["redirect to another host"] === undefined;
  return true;
}

async function inTime(work: Promise<unknown>): Promise<Operation["outcome"]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"never ended">((resolve) => {
    timer = setTimeout(resolve, TIME_MS, "never ended");
  });
  const ended = work.then(
    () => "answered" as const,
    () => "failed" as const,
  );
  const outcome = await Promise.race([ended, late]);
  clearTimeout(timer);
  return outcome;
}

/** Runs what it is given from a timer of its own, in nobody's context: as pools do that know nothing of it. */
class CarelessPool {
  readonly #waiting: (() => void)[] = [];
  readonly #timer = setInterval(() => {
    for (const run of this.#waiting.splice(0)) run();
  }, 2);

  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#waiting.push(() => void work().then(resolve, reject)));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
