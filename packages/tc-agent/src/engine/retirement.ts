import { randomInt } from "node:crypto";
import { z } from "zod";
import type { NamespaceShell } from "../kernel/namespace-shell.ts";
import { parseQdiscs } from "../kernel/parse-qdiscs.ts";
import { ip, tc } from "../tree/commands.ts";
import type { Step } from "../tree/plan.ts";

type RetireStep = Extract<Step, { readonly kind: "retire" }>;

const named = z.looseObject({ ifname: z.string() });

const LOOK_AGAIN_MS = 25;
/** A packet may still be on its way to a leaf when its filter is gone. */
const AT_LEAST_MS = 20;

/** Takes leaves away that no filter leads to any more, once the packets that they hold have left. */
export class Retirement {
  readonly #shell: NamespaceShell;
  readonly #inTurn: <Result>(act: () => Promise<Result>) => Promise<Result>;
  /** Since when each is waited for, and until when at most. */
  readonly #waiting = new Map<string, { readonly from: number; readonly until: number }>();
  /** A number that no other device has as its group; that is looked at too. */
  readonly #group = randomInt(2 ** 16, 2 ** 31);
  #timer: NodeJS.Timeout | undefined;
  /** Settles when none is waited for; `undefined` where none is. */
  #settled: PromiseWithResolvers<void> | undefined;

  constructor(shell: NamespaceShell, inTurn: <Result>(act: () => Promise<Result>) => Promise<Result>) {
    this.#shell = shell;
    this.#inTurn = inTurn;
  }

  /** These leaves are to go, and no other: what was to go before may be in use again. */
  only(step: RetireStep | undefined): void {
    const leaves = new Set(step?.leaves ?? []);
    for (const name of this.#waiting.keys()) if (!leaves.has(name)) this.#waiting.delete(name);
    const now = performance.now();
    for (const name of leaves) {
      if (!this.#waiting.has(name)) this.#waiting.set(name, { from: now + AT_LEAST_MS, until: now + (step?.atMostMs ?? 0) });
    }
    this.#schedule();
  }

  settled(): Promise<void> {
    return this.#settled?.promise ?? Promise.resolve();
  }

  /** Waits no more: what is left is taken away by whoever looks after the namespace next. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
    this.#settle();
  }

  #schedule(): void {
    if (this.#waiting.size === 0) {
      this.#settle();
      return;
    }
    this.#settled ??= Promise.withResolvers();
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
    this.#settled?.resolve();
    this.#settled = undefined;
  }

  async #look(): Promise<void> {
    const now = performance.now();
    const ripe = [...this.#waiting].filter(([, { from }]) => now >= from);
    if (ripe.length === 0) return;
    const shown = parseQdiscs(await this.#shell.show(tc("qdisc", "show")));
    const empty = ripe.filter(([name, { until }]) => now >= until || shown.every(({ dev, qlen = 0 }) => dev !== name || qlen === 0));
    await this.#remove(empty.map(([name]) => name));
    for (const [name] of empty) this.#waiting.delete(name);
  }

  /**
   * Before a device goes the kernel waits some 15 ms until nobody uses it, with all of a group once: a thousand leaves by themselves would keep the lease from
   * being renewed.
   */
  async #remove(names: readonly string[]): Promise<void> {
    const oneByOne = names.map((name) => ip("link", "del", name));
    if (names.length < 2) {
      await this.#shell.run(oneByOne);
      return;
    }
    await this.#shell.run(names.map((name) => ip("link", "set", name, "group", this.#group)));
    const shown = await this.#shell.show(ip("link", "show", "group", this.#group));
    // Of the devices of other groups `ip` prints nothing but braces.
    const grouped = shown.flatMap((one) => named.safeParse(one).data ?? []);
    const isOurs = grouped.every(({ ifname }) => names.includes(ifname));
    await this.#shell.run(isOurs ? [ip("link", "del", "group", this.#group)] : oneByOne);
  }
}
