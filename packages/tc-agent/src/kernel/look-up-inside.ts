import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { HostError, type LookUp, type LookUpOptions } from "../spec/index.ts";
import { holdNamespace, type NetworkNamespace } from "./network-namespace.ts";

/** Of name servers that do not answer, and of ours that hangs. */
const AT_MOST_MS = 12_000;
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
    const program = spawn("nsenter", [`--net=${held.path}`, process.execPath, PROGRAM], {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: AT_MOST_MS,
      killSignal: "SIGKILL",
    });
    const started = new Promise((_, reject) => program.once("error", reject));
    program.stdin.on("error", () => undefined).end(JSON.stringify({ hosts, options } satisfies Question));
    const [stdout, stderr] = await Promise.race([Promise.all([text(program.stdout), text(program.stderr)]), started as Promise<never>]);
    if (stdout === "") throw new Error(`hosts can not be looked up in the network namespace: ${stderr.trim() || "it took too long"}`);
    const { addresses, errors } = answer.parse(JSON.parse(stdout));
    return { addresses: new Map(addresses), errors: errors.map(({ code, host, message }) => new HostError(code, host, message)) };
  } finally {
    held.release();
  }
}
