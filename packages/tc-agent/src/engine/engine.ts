import { setTimeout as sleep } from "node:timers/promises";
import type { Features } from "../kernel/features.ts";
import { refuseForeign } from "../kernel/foreign.ts";
import { KernelError } from "../kernel/kernel-error.ts";
import { probeLeaf } from "../kernel/leaf-probe.ts";
import { NamespaceShell } from "../kernel/namespace-shell.ts";
import { type HeldNamespace, holdNamespace, isAlive, type NetworkNamespace } from "../kernel/network-namespace.ts";
import { type FoundTree, readTree } from "../kernel/read-tree.ts";
import type { Rules } from "../spec/emulation.ts";
import type { Mark } from "../tree/layout.ts";
import { outline } from "../tree/outline.ts";
import { leafNumber } from "../tree/ownership.ts";
import { type Desired, leavesOf, planChange, type Step } from "../tree/plan.ts";
import { dialectFor, refuseUnsupported } from "./capabilities.ts";
import { KeptLease } from "./kept-lease.ts";
import { isTooSlow, judge, type LeafVerdict, probeFor, TOO_SLOW } from "./leaf-verdict.ts";
import { type Pause, whilePaused } from "./pause.ts";
import { Retirement } from "./retirement.ts";
import { readStatus, type Status } from "./status.ts";

export interface EngineOptions {
  readonly namespace: NetworkNamespace;
  /** `eth0` where left out. */
  readonly device?: string;
  readonly features: Features;
  /** How long rules stay in force when nobody renews them, in seconds; 10 where left out. `undefined` for ever: only for kernels that can not hold a lease. */
  readonly leaseSeconds?: number | undefined;
  /** Of the container whose packets alone meet the rules. */
  readonly mark?: Mark;
}

/** What it took to bring about what was asked. */
export interface Applied {
  readonly steps: readonly Step[];
  /** From reading the tree to the last change, without waiting for old leaves to empty. */
  readonly milliseconds: number;
  /** Where the device got its hooks: who stood still meanwhile. */
  readonly pause: Pause | undefined;
}

/** What would be brought about. */
export interface Plan {
  /** Filters and leaves, a line each: see {@link outline}. */
  readonly tree: readonly string[];
  readonly steps: readonly Step[];
}

const NO_RULES: Rules = { rules: [], pass: [] };
const LEASE_SECONDS = 10;
const LONGEST_GOODBYE_MS = 2_000;

/**
 * Keeps the emulation of one network namespace as it shall be. Each change reads what is there, and does what is missing: it may be asked again at any time,
 * by another process too, and after any of them was killed.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #device: string;
  readonly #namespace: HeldNamespace;
  readonly #shell: NamespaceShell;
  readonly #lease: KeptLease | undefined;
  readonly #retirement: Retirement;
  #rules = NO_RULES;
  #leavesFrom = 0;
  #deviceIndex: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws KernelError `gone` */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#device = options.device ?? "eth0";
    this.#namespace = holdNamespace(options.namespace);
    const leaseSeconds = "leaseSeconds" in options ? options.leaseSeconds : LEASE_SECONDS;
    this.#lease = leaseSeconds === undefined ? undefined : new KeptLease(this.#namespace, this.#device, leaseSeconds);
    this.#shell = new NamespaceShell(this.#namespace);
    this.#retirement = new Retirement(this.#shell, (act) => this.#inTurn(act));
  }

  /**
   * What {@link Engine.apply} would bring about, and by which steps.
   *
   * @throws KernelError as it does
   */
  plan(rules: Rules): Promise<Plan> {
    return this.#inTurn(async () => {
      const found = await this.#read();
      this.#refuseUnsupported(rules);
      const desired = this.#desire(rules, found);
      return { tree: outline(desired), steps: planChange(found, desired) };
    });
  }

  /**
   * Makes the namespace emulate these rules, and nothing else of ours.
   *
   * @throws KernelError; what was in force before is in force then
   */
  apply(rules: Rules): Promise<Applied> {
    return this.#inTurn(async () => {
      // What is wrong with the namespace is told before what the kernel lacks.
      if (this.#deviceIndex === undefined) await this.#read();
      this.#refuseUnsupported(rules);
      try {
        const applied = await this.#bringAbout(rules);
        this.#rules = rules;
        return applied;
      } catch (error) {
        await this.#goBack();
        throw error;
      }
    });
  }

  /** Repairs what somebody else has changed of ours. The lease is renewed by itself as long as this process runs and the engine is not closed. */
  keep(): Promise<Applied> {
    return this.#inTurn(() => this.#bringAbout(this.#rules));
  }

  /** Lets every packet pass, and takes away all of ours but the device's hooks and their last filter, which change nothing. */
  clear(): Promise<Applied> {
    return this.#inTurn(async () => {
      const applied = await this.#bringAbout(NO_RULES);
      this.#rules = NO_RULES;
      await this.#lease?.drop();
      return applied;
    });
  }

  /** What is in force, as the kernel has it. */
  status(): Promise<Status> {
    return this.#inTurn(async () => {
      const found = await this.#read();
      return readStatus(this.#rules, found, this.#desire(this.#rules, found));
    });
  }

  /**
   * Sends packets of our own through each leaf, which never leave the namespace, and judges what is seen of them: by the names of the rules. Takes up to some
   * four seconds a leaf.
   *
   * @throws KernelError `missing-tool` without tcpdump
   */
  verifyLeaves(): Promise<ReadonlyMap<string, LeafVerdict>> {
    return this.#inTurn(async () => {
      const found = await this.#read();
      const leaves = leavesOf(found, this.#desire(this.#rules, found));
      const verdicts = new Map<string, LeafVerdict>();
      for (const { name, emulation } of this.#rules.rules) {
        const leaf = leaves.get(name);
        if (leaf === undefined || emulation.kind === "partition") continue;
        const probe = probeFor(leaf, emulation);
        verdicts.set(name, isTooSlow(probe) ? TOO_SLOW : judge(await probeLeaf(this.#shell, this.#namespace, probe), emulation));
      }
      return verdicts;
    });
  }

  /** Settles when no leaf is waited for any more. */
  settled(): Promise<void> {
    return this.#retirement.settled();
  }

  /** Ends the resident tools. What is in force stays so until the lease runs out. */
  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    // What nobody needs goes, if that does not take long: nobody may come after us.
    await Promise.race([this.#retirement.settled(), sleep(LONGEST_GOODBYE_MS, undefined, { ref: false })]).catch(() => undefined);
    await this.#retirement.stop();
    await this.#lease?.close();
    await this.#shell.close();
    this.#namespace.release();
  }

  /** What was in force before a change that failed; where that fails too, the next turn tries again. */
  async #goBack(): Promise<void> {
    try {
      await this.#bringAbout(this.#rules);
      if (this.#rules.rules.length === 0) await this.#lease?.drop();
    } catch {
      // What is told is why the change failed.
    }
  }

  async #bringAbout(rules: Rules): Promise<Applied> {
    const began = performance.now();
    // A lease that runs is renewed first: what follows may take longer than it has left.
    const isRunning = this.#lease?.isRunning;
    if (rules.rules.length > 0) await this.#lease?.renewIfRunning();
    const found = await this.#read();
    const steps = planChange(found, this.#desire(rules, found));
    if (!isRunning && rules.rules.length > 0) await this.#lease?.renew();
    let pause: Pause | undefined;
    const refused: string[] = [];
    for (const step of steps) {
      if (step.kind === "attach") {
        pause = await whilePaused(this.#namespace, this.#tools(), async () => {
          refused.push(...(await this.#shell.run(step.commands)));
        });
      }
      if (step.kind === "run") refused.push(...(await this.#shell.run(step.commands)));
      if (refused.length > 0) break;
    }
    const milliseconds = performance.now() - began;
    try {
      await this.#verify(rules, refused);
    } catch (error) {
      // What was to go before may be in use again.
      this.#retirement.only(undefined);
      throw error;
    }
    const retiring = steps.find((step) => step.kind === "retire");
    this.#retirement.only(retiring);
    return { steps, milliseconds, pause };
  }

  /** Reads back what was done: a kernel may take a command and do something else. */
  async #verify(rules: Rules, refused: readonly string[]): Promise<void> {
    const found = await this.#read();
    const left = planChange(found, this.#desire(rules, found)).filter(({ kind }) => kind !== "retire");
    if (left.length === 0) return;
    const reasons = refused.length > 0 ? refused.join("; ") : "the kernel has not what was asked for, and refused nothing";
    throw new KernelError("refused", `the emulation is not as it shall be: ${reasons}`);
  }

  async #read(): Promise<FoundTree> {
    this.#refuseIfGone();
    const found = await readTree(this.#shell, this.#device);
    if (found === undefined) throw new KernelError("no-device", `the network namespace has no device ${this.#device}`);
    const isReplaced = this.#deviceIndex !== undefined && this.#deviceIndex !== found.deviceIndex;
    this.#deviceIndex = found.deviceIndex;
    if (isReplaced) {
      // As where Docker takes a network from a container and gives it another.
      await this.#shell.restart();
      return this.#read();
    }
    refuseForeign(found, this.#device);
    this.#leavesFrom = Math.max(this.#leavesFrom, ...[...found.links].map((name) => (leafNumber(name) ?? -1) + 1));
    return found;
  }

  #refuseIfGone(): void {
    const { namespace } = this.#options;
    if (!isAlive(namespace)) throw new KernelError("gone", `the network namespace ${namespace.path} is gone`);
  }

  #refuseUnsupported(rules: Rules): void {
    refuseUnsupported(rules, this.#options.features, { isLeased: this.#lease !== undefined, mark: this.#options.mark });
  }

  /** Those of our processes that are in the namespace. */
  #tools(): readonly number[] {
    return [...this.#shell.pids, this.#lease?.pid].filter((pid) => pid !== undefined);
  }

  #desire(rules: Rules, { mtu }: FoundTree): Desired {
    const { features, mark } = this.#options;
    return {
      rules,
      device: this.#device,
      mtu,
      dialect: dialectFor(features),
      isLeased: this.#lease !== undefined,
      leavesFrom: this.#leavesFrom,
      ...(mark === undefined ? {} : { mark }),
    };
  }

  /** One after the other: what is read must not change before it is acted on. */
  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(act, act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
