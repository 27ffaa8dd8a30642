import { join } from "node:path";
import type { Kernel } from "../boot/start.ts";
import type { KernelProcess } from "../channel/commands.ts";
import type { Asking } from "./ask.ts";

const ANSWER = join(import.meta.dirname, "answer.ts");
const ASK = join(import.meta.dirname, "ask.ts");

/** Starts what answers at some addresses and ports, by UDP and TCP. */
export async function startAnswering(
  kernel: Kernel,
  launcher: readonly string[],
  where: { readonly addresses: readonly string[]; readonly ports: readonly number[] },
): Promise<KernelProcess> {
  const [command = "", ...more] = launcher;
  const answering = await kernel.start(command, [...more, process.execPath, ANSWER, JSON.stringify(where)]);
  const ready = new Promise<void>((resolve) => answering.onOutput((text) => text.includes("answering") && resolve()));
  const early = answering.ended.then(({ stderr }) => Promise.reject(new Error(`nobody answers:\n${stderr}`)));
  early.catch(() => undefined);
  await Promise.race([ready, early]);
  return answering;
}

/** Asks, and tells how long each answer took, in milliseconds; `undefined` where none came within 0.9 s. */
export async function askAll(
  kernel: Kernel,
  launcher: readonly string[],
  askings: readonly Asking[],
): Promise<readonly (number | undefined)[]> {
  const [command = "", ...more] = launcher;
  const { stdout } = await kernel.run(command, [...more, process.execPath, ASK], { input: JSON.stringify(askings) });
  const times: readonly (number | null)[] = JSON.parse(stdout);
  return times.map((time) => time ?? undefined);
}
