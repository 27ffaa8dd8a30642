import { Lease } from "../kernel/lease.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";

const RENEWALS_A_LEASE = 4;

/** The lease of a device, as an engine keeps it: once it runs it is renewed by itself until it is dropped or closed. */
export class KeptLease {
  readonly #namespace: NetworkNamespace;
  readonly #device: string;
  readonly #seconds: number;
  #lease: Lease | undefined;
  #renewal: NodeJS.Timeout | undefined;

  constructor(namespace: NetworkNamespace, device: string, seconds: number) {
    this.#namespace = namespace;
    this.#device = device;
    this.#seconds = seconds;
  }

  /** Does this process renew it? */
  get isRunning(): boolean {
    return this.#lease !== undefined;
  }

  /** Of the resident tool, which is in the namespace. */
  get pid(): number | undefined {
    return this.#lease?.pid;
  }

  /** Begins it, or lets it begin again. It is renewed by no turn of the engine's: those may wait for something else for longer than it lasts. */
  async renew(): Promise<void> {
    this.#lease = this.#living();
    this.#renewal ??= setInterval(
      // Where it fails the next turn says so.
      () => this.renewIfRunning().catch(() => undefined),
      (this.#seconds * 1_000) / RENEWALS_A_LEASE,
    ).unref();
    await this.#lease.renew(this.#seconds);
  }

  async renewIfRunning(): Promise<void> {
    if (this.isRunning) await this.renew();
  }

  /** Takes it away, whoever began it: no filter may ask for it any more. */
  async drop(): Promise<void> {
    const lease = this.#living();
    this.#forget();
    await lease.drop();
  }

  /** Renews it no more. */
  async close(): Promise<void> {
    const lease = this.#lease;
    this.#forget();
    await lease?.close();
  }

  /** One whose tool has ended is begun again: somebody may have killed it. */
  #living(): Lease {
    return this.#lease === undefined || this.#lease.hasEnded ? new Lease(this.#namespace, this.#device) : this.#lease;
  }

  #forget(): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    this.#lease = undefined;
  }
}
