import { randomInt } from "node:crypto";
import { z } from "zod";
import { KernelError } from "../kernel/kernel-error.ts";
import type { NamespaceShell } from "../kernel/namespace-shell.ts";
import { parseQdiscs, type ShownQdisc } from "../kernel/parse-qdiscs.ts";
import { type Command, canBeSaid, ip, tc } from "../tree/commands.ts";
import { HOOKS, type Step } from "../tree/plan.ts";

type RetireStep = Extract<Step, { readonly kind: "retire" }>;

interface Waiting {
  /** Since when it is waited for. */
  readonly from: number;
  /** Until when at most. */
  readonly until: number;
  /** How often it was to go, and stayed. */
  readonly attempts: number;
}

const named = z.looseObject({ ifname: z.string() });

const LOOK_AGAIN_MS = 25;
/** A packet may still be on its way to a leaf when its filter is gone. */
const AT_LEAST_MS = 20;
const MOST_ATTEMPTS = 10;

/** Takes leaves away that no filter leads to any more, once the packets that they hold have left. */
export class Retirement {
  readonly #shell: Pick<NamespaceShell, "show" | "showAll" | "run">;
  readonly #inTurn: <Result>(act: () => Promise<Result>) => Promise<Result>;
  readonly #waiting = new Map<string, Waiting>();
  /** Those that were given up, and why they stay. */
  readonly #left = new Map<string, string>();
  /** A number that no other device has as its group; that is looked at too. */
  readonly #group = randomInt(2 ** 16, 2 ** 31);
  #timer: NodeJS.Timeout | undefined;
  /** Settles when none is waited for; `undefined` where none is. */
  #settled: PromiseWithResolvers<void> | undefined;

  constructor(shell: Pick<NamespaceShell, "show" | "showAll" | "run">, inTurn: <Result>(act: () => Promise<Result>) => Promise<Result>) {
    this.#shell = shell;
    this.#inTurn = inTurn;
  }

  /**
   * These leaves are to go, and no other: what was to go before may be in use again. A plan names all that nobody needs, also those that an earlier one
   * named; with `undefined` none is to go until the next plan says so, as while filters change.
   */
  only(step: RetireStep | undefined): void {
    const leaves = new Set(step?.leaves ?? []);
    this.#left.clear();
    for (const name of this.#waiting.keys()) if (!leaves.has(name)) this.#waiting.delete(name);
    const now = performance.now();
    for (const name of leaves) {
      if (!this.#waiting.has(name)) this.#waiting.set(name, { from: now + AT_LEAST_MS, until: now + (step?.atMostMs ?? 0), attempts: 0 });
    }
    this.#schedule();
  }

  /**
   * Settles when no leaf is waited for any more.
   *
   * @throws KernelError `refused` where leaves stay, by their names
   */
  settled(): Promise<void> {
    return this.#settled?.promise ?? (this.#left.size > 0 ? Promise.reject(this.#complaint()) : Promise.resolve());
  }

  /** Waits no more: what is left is taken away by whoever looks after the namespace next. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
    this.#left.clear();
    this.#settle();
  }

  #schedule(): void {
    if (this.#waiting.size === 0) {
      this.#settle();
      return;
    }
    if (this.#settled === undefined) {
      this.#settled = Promise.withResolvers();
      // Nobody may ask.
      this.#settled.promise.catch(() => undefined);
    }
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#inTurn(() => this.#look()).then(
        () => this.#schedule(),
        // The namespace is gone, and its leaves with it.
        () => this.stop(),
      );
    }, LOOK_AGAIN_MS);
  }

  #settle(): void {
    if (this.#left.size > 0) this.#settled?.reject(this.#complaint());
    else this.#settled?.resolve();
    this.#settled = undefined;
  }

  #complaint(): KernelError {
    const reasons = [...this.#left].map(([name, reason]) => `${name} (${reason})`);
    return new KernelError("refused", `these devices are not needed any more, and stay: ${reasons.join(", ")}`);
  }

  /** @throws KernelError `gone`, and nothing else */
  async #look(): Promise<void> {
    const now = performance.now();
    const ripe = [...this.#waiting].filter(([, { from }]) => now >= from);
    if (ripe.length === 0) return;
    // Until it is known which are empty, all of them may be.
    let empty = ripe.map(([name]) => name);
    try {
      const shown = parseQdiscs(await this.#shell.show(tc("qdisc", "show")));
      const holding = new Set(shown.flatMap(({ dev, qlen = 0 }) => (dev !== undefined && qlen > 0 ? [dev] : [])));
      empty = ripe.filter(([name, { until }]) => now >= until || !holding.has(name)).map(([name]) => name);
      if (empty.length > 0) this.#note(empty, await this.#remove(empty, shown));
    } catch (error) {
      if (error instanceof KernelError && error.code === "gone") throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.#note(empty, new Map(empty.map((name) => [name, reason])));
    }
  }

  /** Those that stay are tried again, and given up after some attempts. */
  #note(tried: readonly string[], staying: ReadonlyMap<string, string>): void {
    for (const name of tried) {
      const reason = staying.get(name);
      const waiting = this.#waiting.get(name);
      if (reason !== undefined && waiting !== undefined && waiting.attempts + 1 < MOST_ATTEMPTS) {
        this.#waiting.set(name, { ...waiting, attempts: waiting.attempts + 1 });
        continue;
      }
      this.#waiting.delete(name);
      if (reason !== undefined) this.#left.set(name, reason);
    }
  }

  /** @returns those that stay, and why */
  async #remove(names: readonly string[], qdiscs: readonly ShownQdisc[]): Promise<ReadonlyMap<string, string>> {
    const led = await this.#devicesLedTo(qdiscs);
    const needed = names.filter((name) => led.has(name));
    const free = names.filter((name) => !led.has(name));
    const refused = await this.#delete(free);
    const links = new Set(namesIn(await this.#shell.show(ip("link", "show"))));
    const reasonOf = (name: string) =>
      refused.find((one) => one.includes(` ${name}:`)) ?? refused[0] ?? "the kernel said that it is gone, and shows it";
    return new Map([
      ...needed.map((name) => [name, "a filter leads to it"] as const),
      ...free.filter((name) => links.has(name)).map((name) => [name, reasonOf(name)] as const),
    ]);
  }

  /** To which devices any filter of the namespace leads, whoever's it is: what it sends to one that is gone is lost. */
  async #devicesLedTo(qdiscs: readonly ShownQdisc[]): Promise<ReadonlySet<string>> {
    const hooked = qdiscs.flatMap(({ kind, dev }) => (dev !== undefined && (kind === "clsact" || kind === "ingress") ? [dev] : []));
    const commands = hooked.flatMap((device) => HOOKS.map((hook) => tc("filter", "show", "dev", device, hook))).filter(canBeSaid);
    return new Set((await this.#shell.showAll(commands)).flatMap(targetsIn));
  }

  /**
   * Before a device goes the kernel waits some 15 ms until nobody uses it, with all of a group once: a thousand leaves by themselves would keep the lease from
   * being renewed.
   */
  async #delete(names: readonly string[]): Promise<readonly string[]> {
    const oneByOne: readonly Command[] = names.map((name) => ip("link", "del", name));
    if (names.length < 2) return this.#shell.run(oneByOne);
    const refused = await this.#shell.run(names.map((name) => ip("link", "set", name, "group", this.#group)));
    // Of the devices of other groups `ip` prints nothing but braces.
    const grouped = namesIn(await this.#shell.show(ip("link", "show", "group", this.#group)));
    const isOurs = grouped.length > 0 && grouped.every((name) => names.includes(name));
    return [...refused, ...(await this.#shell.run(isOurs ? [ip("link", "del", "group", this.#group)] : oneByOne))];
  }
}

function namesIn(links: readonly unknown[]): readonly string[] {
  return links.flatMap((one) => named.safeParse(one).data?.ifname ?? []);
}

/** Of all actions in what `tc` shows, wherever they stand. */
function targetsIn(shown: unknown): readonly string[] {
  if (typeof shown !== "object" || shown === null) return [];
  return Object.entries(shown).flatMap(([name, value]) => (name === "to_dev" && typeof value === "string" ? [value] : targetsIn(value)));
}
