import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { HostError, type LookUp, type LookUpOptions } from "../spec/index.ts";
import { holdNamespace, type NetworkNamespace } from "./network-namespace.ts";

const PROGRAM = join(import.meta.dirname, `look-up-program${extname(import.meta.filename)}`);

/** What the program is asked, and answers, as JSON. */
export interface Question {
  readonly hosts: readonly string[];
  readonly options: LookUpOptions;
}

const answer = z.strictObject({
  addresses: z.array(z.tuple([z.string(), z.array(z.string())])),
  errors: z.array(z.strictObject({ code: z.enum(["unknown-host", "name-servers-failed"]), host: z.string(), message: z.string() })),
});
export type Answer = z.infer<typeof answer>;

/**
 * Looks hosts up from within a network namespace, by a process of its own: name servers such as Docker's answer at an address that is there alone.
 *
 * @throws KernelError `gone`; Error where the process can not be started
 */
export async function lookUpInside(namespace: NetworkNamespace, hosts: readonly string[], options: LookUpOptions): Promise<LookUp> {
  const held = holdNamespace(namespace);
  try {
    const program = spawn("nsenter", [`--net=${held.path}`, process.execPath, PROGRAM], { stdio: ["pipe", "pipe", "pipe"] });
    const started = new Promise((_, reject) => program.once("error", reject));
    program.stdin.on("error", () => undefined).end(JSON.stringify({ hosts, options } satisfies Question));
    const [stdout, stderr] = await Promise.race([Promise.all([text(program.stdout), text(program.stderr)]), started as Promise<never>]);
    if (stdout === "") throw new Error(`hosts can not be looked up in the network namespace: ${stderr.trim()}`);
    const { addresses, errors } = answer.parse(JSON.parse(stdout));
    return { addresses: new Map(addresses), errors: errors.map(({ code, host, message }) => new HostError(code, host, message)) };
  } finally {
    held.release();
  }
}
