import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { leaseSets } from "../tree/ownership.ts";
import { KernelError } from "./kernel-error.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { endOf, endResident, startResident } from "./resident-tool.ts";
import { runInside } from "./run-inside.ts";

/** Together these are every address of an IP version: a set holds no network of length 0. */
const HALVES = { 4: ["0.0.0.0/1", "128.0.0.0/1"], 6: ["::/1", "8000::/1"] } as const;
const FAMILIES = { 4: "inet", 6: "inet6" } as const;
const VERSIONS = [4, 6] as const;

interface Waiting {
  /** Of the tests that were asked for, those that are not answered yet. */
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The lease of one device of a network namespace: two sets that hold every address, for so many seconds. The kernel forgets them by itself when nobody renews them, and
 * packets of no address in them are passed before any rule is asked. One resident `ipset` writes them.
 */
export class Lease {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: Waiting[] = [];
  readonly #device: string;
  #said = "";
  #end: KernelError | undefined;

  constructor({ path }: Pick<NetworkNamespace, "path">, device: string) {
    this.#device = device;
    this.#process = startResident(["nsenter", `--net=${path}`], "ipset", ["-"]);
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#process.stdin.on("error", () => undefined);
    this.#process.on("error", (error) => this.#finish(error.message));
    this.#process.on("close", () => this.#finish(this.#said));
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Of the resident tool, which is in the namespace. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Makes the lease run for so long from now on; makes it where there is none. */
  async renew(seconds: number): Promise<void> {
    const sets = leaseSets(this.#device);
    const tests = VERSIONS.flatMap((version) => HALVES[version].map((half) => `test ${sets[version]} ${half}`));
    await this.#do(leaseLines(this.#device, seconds), tests);
  }

  /** Takes the sets away, and ends: no filter may name them any more. */
  async drop(): Promise<void> {
    const sets = leaseSets(this.#device);
    if (this.#end === undefined) this.#process.stdin.write(VERSIONS.map((version) => `destroy ${sets[version]}\n`).join(""));
    await this.close();
  }

  async close(): Promise<void> {
    await endResident(this.#process);
  }

  /** Other lines say nothing when they went well; a test is answered one way or the other. */
  #do(lines: readonly string[], tests: readonly string[]): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ left: tests.length, resolve, reject });
      this.#process.stdin.write(`${[...lines, ...tests].join("\n")}\n`);
    });
  }

  #read(text: string): void {
    this.#said += text;
    for (let end = this.#said.indexOf("\n"); end !== -1; end = this.#said.indexOf("\n")) {
      this.#hear(this.#said.slice(0, end));
      this.#said = this.#said.slice(end + 1);
    }
  }

  #hear(line: string): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    if (/ is NOT in set |does not exist/.test(line)) first.reject(refusal(line));
    else if (!/ is in set /.test(line)) return;
    first.left -= 1;
    if (first.left > 0) return;
    first.resolve();
    this.#waiting.shift();
  }

  #finish(said: string): void {
    this.#end ??= endOf("ipset", said);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}

/**
 * For how many seconds the lease of a device runs yet; `undefined` where there is none, 0 where it is over.
 *
 * @throws KernelError `gone`
 */
export async function readLease(namespace: NetworkNamespace, device: string): Promise<number | undefined> {
  try {
    const stdout = await runInside(namespace, ["ipset", "list", leaseSets(device)[4]]);
    return Math.max(0, ...Array.from(stdout.matchAll(/^\S+ timeout (\d+)$/gm), ([, seconds]) => Number(seconds)));
  } catch (error) {
    if (error instanceof KernelError) throw error;
    return undefined;
  }
}

/** What makes the lease, for who wants to see it. */
export function leaseLines(device: string, seconds: number): readonly string[] {
  const sets = leaseSets(device);
  return VERSIONS.flatMap((version) => [
    `create ${sets[version]} hash:net family ${FAMILIES[version]} timeout 0 -exist`,
    ...HALVES[version].map((half) => `add ${sets[version]} ${half} timeout ${Math.max(1, Math.ceil(seconds))} -exist`),
  ]);
}

function refusal(line: string): KernelError {
  return new KernelError("refused", `the lease can not be kept: ${line}`);
}
