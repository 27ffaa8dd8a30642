import { readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { type Alarm, type EmulationSpec, hostsOf, parseSpec, type Rules, resolveSpec } from "@puggle/tc-agent";
import { CliError } from "../../cli-error.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import { HostAddresses, type LookUpHosts } from "./host-addresses.ts";
import { readIfThere } from "./read-if-there.ts";

export interface SpecSourceOptions {
  readonly path: string;
  /** Hosts are looked up again after this, in milliseconds. */
  readonly lookUpEveryMs: number;
  /** How. */
  readonly lookUp: LookUpHosts;
}

/** Editors write a file in several steps. */
const WRITTEN_WITHIN_MS = 50;

/** A spec file as the rules that it stands for now: the file and the addresses of its hosts may change. */
export class SpecSource {
  readonly #path: string;
  readonly #hosts: HostAddresses;
  /** As the file was when it was parsed. */
  #parsed: { readonly text: string; readonly spec: EmulationSpec } | undefined;
  /** As the file was when somebody looked; `undefined` where it could not be read. */
  #seen: string | undefined;
  #rules: Rules | undefined;
  #alarm: Alarm | undefined;

  constructor({ path, lookUpEveryMs, lookUp }: SpecSourceOptions) {
    this.#path = path;
    this.#hosts = new HostAddresses({ lookUp, everyMs: lookUpEveryMs });
  }

  /** Hosts that could not be looked up the last time, a sentence each. */
  get unresolved(): readonly string[] {
    return this.#hosts.unresolved;
  }

  /** Of those, the ones that are not known yet to who asks. */
  news(): readonly string[] {
    return this.#hosts.news();
  }

  /**
   * The rules of the file as it is now. The first time hosts are waited for; later they are looked up meanwhile, and a file with hosts that have no
   * address yet counts when they have one.
   *
   * @throws SpecError; CliError where it can not be read
   */
  async rules(): Promise<Rules> {
    this.#seen = undefined;
    const text = readSpec(this.#path);
    this.#seen = text;
    if (text !== this.#parsed?.text) this.#parsed = { text, spec: parseSpec({ path: this.#path, text }) };
    const { spec } = this.#parsed;
    const hosts = hostsOf(spec);
    const before = this.#hosts.addresses;
    const lookedUp = this.#hosts.follow(hosts).then(() => {
      if (this.#hosts.addresses !== before) this.#alarm?.ring();
    });
    if (this.#rules === undefined) await lookedUp;
    const { addresses } = this.#hosts;
    // A host without an address would make a rule of nobody out of one that is in force.
    const areKnown = hosts.every((host) => (addresses.get(host) ?? []).length > 0);
    if (this.#rules === undefined || areKnown) this.#rules = resolveSpec(spec, addresses);
    return this.#rules;
  }

  /**
   * Rings when the file or the addresses of its hosts have changed, until the signal is aborted. Editors put another file in its place: its folder is watched.
   * Where that can not be, the file is still read at each turn.
   */
  watch(alarm: Alarm, signal: AbortSignal): void {
    this.#alarm = alarm;
    let timer: NodeJS.Timeout | undefined;
    const look = () => {
      timer = undefined;
      const text = readIfThere(this.#path);
      if (text === this.#seen) return;
      this.#seen = text;
      alarm.ring();
    };
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    try {
      watch(dirname(this.#path), { signal }, () => {
        if (!signal.aborted) timer ??= setTimeout(look, WRITTEN_WITHIN_MS);
      }).on("error", () => undefined);
    } catch {
      // As many watches are there already as there may be.
    }
  }
}

function readSpec(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why = code === "ENOENT" ? "there is no such file" : `it can not be read (${code})`;
    throw new CliError("missing-spec", EXIT_CODES.badInput, `${path}: ${why}`);
  }
}
