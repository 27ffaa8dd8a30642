import { readFileSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { type Alarm, type EmulationSpec, hostsOf, lookUpHosts, parseSpec, type Rules, resolveSpec } from "@puggle/tc-agent";
import { CliError } from "../../cli-error.ts";
import { EXIT_CODES } from "../../exit-code.ts";

/** A spec file as the rules that it stands for now: the file and the addresses of its hosts may change. */
export class SpecSource {
  readonly #path: string;
  readonly #root: () => string;
  readonly #lookUpEveryMs: number;
  #spec: EmulationSpec | undefined;
  #text = "";
  #addresses: ReadonlyMap<string, readonly string[]> = new Map();
  #lookedUpAt = Number.NEGATIVE_INFINITY;
  /** Hosts that had no address the last time, a sentence each. */
  unresolved: readonly string[] = [];

  /**
   * @param root - where the files are by which hosts are looked up
   * @param lookUpEveryMs - hosts are looked up again after this
   */
  constructor(path: string, root: () => string, lookUpEveryMs: number) {
    this.#path = path;
    this.#root = root;
    this.#lookUpEveryMs = lookUpEveryMs;
  }

  /**
   * The rules of the file as it is now.
   *
   * @throws SpecError; CliError where it can not be read
   */
  async rules(): Promise<Rules> {
    const text = readSpec(this.#path);
    if (this.#spec === undefined || text !== this.#text) {
      this.#spec = parseSpec({ path: this.#path, text });
      this.#text = text;
      this.#lookedUpAt = Number.NEGATIVE_INFINITY;
    }
    await this.#lookUp(this.#spec);
    return resolveSpec(this.#spec, this.#addresses);
  }

  /** Rings when the file changes, until the signal is aborted. Editors put another file in its place: its folder is watched. */
  watch(alarm: Alarm, signal: AbortSignal): void {
    watch(dirname(this.#path), { signal }, () => alarm.ring()).on("error", () => undefined);
  }

  /** An address that is gone for one look-up only is kept: rules must not come and go with a name server. */
  async #lookUp(spec: EmulationSpec): Promise<void> {
    const hosts = hostsOf(spec);
    if (hosts.length === 0 || performance.now() - this.#lookedUpAt < this.#lookUpEveryMs) return;
    const { addresses, errors } = await lookUpHosts(hosts, resolverFiles(this.#root()));
    this.#addresses = new Map(hosts.map((host) => [host, addresses.get(host) ?? this.#addresses.get(host) ?? []]));
    this.unresolved = errors.map(({ message }) => message);
    this.#lookedUpAt = performance.now();
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

/** A name server at a loopback address answers in that network alone, which is not ours: then those of this machine are asked. */
function resolverFiles(root: string): { readonly resolvConf: string; readonly hosts: string } {
  const own = readIfThere(join(root, "etc/resolv.conf"));
  const resolvConf = /^nameserver\s+(127\.|::1)/m.test(own) ? readIfThere("/etc/resolv.conf") : own;
  return { resolvConf, hosts: readIfThere(join(root, "etc/hosts")) };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
