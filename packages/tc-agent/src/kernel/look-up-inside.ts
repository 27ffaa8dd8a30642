import { extname, join } from "node:path";
import { HostError, type LookUp, type LookUpOptions } from "../spec/index.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { runInside } from "./run-inside.ts";

/** Of name servers that do not answer, and of ours that hangs. */
const AT_MOST_MS = 12_000;
const PROGRAM = join(import.meta.dirname, `look-up-program${extname(import.meta.filename)}`);

/** What the program is asked, as JSON. */
export interface Question {
  readonly hosts: readonly string[];
  readonly options: LookUpOptions;
}

/** What it answers, as JSON. */
export interface Answer {
  readonly addresses: readonly (readonly [host: string, addresses: readonly string[]])[];
  readonly errors: readonly Pick<HostError, "code" | "host" | "message">[];
}

/**
 * Looks hosts up from within a network namespace, by a process of its own: name servers such as Docker's answer at an address that is there alone.
 *
 * @throws KernelError `gone`; Error where the process can not be started, or takes too long
 */
export async function lookUpInside(namespace: NetworkNamespace, hosts: readonly string[], options: LookUpOptions): Promise<LookUp> {
  const input = JSON.stringify({ hosts, options } satisfies Question);
  const stdout = await runInside(namespace, [process.execPath, PROGRAM], { input, timeoutMs: AT_MOST_MS });
  const { addresses, errors }: Answer = JSON.parse(stdout);
  return { addresses: new Map(addresses), errors: errors.map(({ code, host, message }) => new HostError(code, host, message)) };
}
