import { type LookUp, lookUpHosts } from "@puggle/tc-agent";

/** How hosts are looked up; it need not end. */
export type LookUpHosts = (hosts: readonly string[]) => Promise<LookUp>;

export interface HostAddressesOptions {
  readonly lookUp?: LookUpHosts;
  /** Hosts are looked up again after this, in milliseconds. */
  readonly everyMs: number;
  /** All name servers together may take this long, in milliseconds; 15,000 where left out. */
  readonly atMostMs?: number;
}

const AT_MOST_MS = 15_000;

/** The addresses of hosts as they were told last. Looking them up is done beside whatever else is done. */
export class HostAddresses {
  readonly #options: HostAddressesOptions;
  /** As name servers told them last, of each host that ever had any. */
  #answers: ReadonlyMap<string, readonly string[]> = new Map();
  #addresses: ReadonlyMap<string, readonly string[]> = new Map();
  #hosts: readonly string[] = [];
  #lookedUpAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #unresolved: readonly string[] = [];
  #told: ReadonlySet<string> = new Set();

  constructor(options: HostAddressesOptions) {
    this.#options = options;
  }

  /**
   * Of each host that was looked up, none where it has none. An address that is missing from one answer is kept until the next, and a host that can not be
   * looked up keeps all of its own: rules must not come and go with a name server.
   */
  get addresses(): ReadonlyMap<string, readonly string[]> {
    return this.#addresses;
  }

  /** Hosts that could not be looked up the last time, a sentence each. */
  get unresolved(): readonly string[] {
    return this.#unresolved;
  }

  /** Those of {@link unresolved} that were not there when this was asked before. */
  news(): readonly string[] {
    const news = this.#unresolved.filter((sentence) => !this.#told.has(sentence));
    this.#told = new Set(this.#unresolved);
    return news;
  }

  /** Begins to look hosts up, where it is time for that. Settles when it is done, and is not meant to be waited for in turns. */
  follow(hosts: readonly string[]): Promise<void> {
    const isNew = hosts.some((host) => !this.#hosts.includes(host));
    if (this.#running !== undefined) return this.#running;
    if (hosts.length === 0) this.#unresolved = [];
    const isDue = performance.now() - this.#lookedUpAt >= this.#options.everyMs;
    if (hosts.length === 0 || !(isNew || isDue)) return Promise.resolve();
    this.#running = this.#lookUp(hosts).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #lookUp(hosts: readonly string[]): Promise<void> {
    const { addresses: answers, errors } = await this.#ask(hosts);
    const known = (host: string) => this.#addresses.get(host) ?? [];
    const next = hosts.map((host) => {
      const answer = answers.get(host);
      return [host, answer === undefined ? known(host) : [...new Set([...answer, ...(this.#answers.get(host) ?? [])])]] as const;
    });
    this.#unresolved = errors.map(({ host, message }) =>
      known(host).length === 0 ? message : `${message}; until then it keeps the addresses that it had`,
    );
    this.#answers = new Map(hosts.flatMap((host) => [[host, answers.get(host) ?? this.#answers.get(host) ?? []] as const]));
    this.#addresses = new Map(next);
    this.#hosts = hosts;
    this.#lookedUpAt = performance.now();
  }

  /** A sentence for each host where it takes too long, or fails as a whole. */
  async #ask(hosts: readonly string[]): Promise<{ addresses: LookUp["addresses"]; errors: readonly { host: string; message: string }[] }> {
    const { lookUp = lookUpHosts, atMostMs = AT_MOST_MS } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${atMostMs / 1_000} s`)), atMostMs);
    try {
      return await Promise.race([lookUp(hosts), late.promise]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = (host: string) =>
        `the host ${host} could not be looked up (${why}): check resolv.conf, and that its name servers run`;
      return { addresses: new Map(), errors: hosts.map((host) => ({ host, message: message(host) })) };
    } finally {
      clearTimeout(timer);
    }
  }
}
