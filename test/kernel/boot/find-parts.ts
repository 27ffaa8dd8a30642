import type { KernelParts } from "./parts.ts";
import { buildPtraceShim, needsPtraceShim } from "./ptrace-shim.ts";

/** What a kernel is started with on this machine; what has to be built is built once. */
export async function findParts(): Promise<KernelParts> {
  return { linux: "linux.uml", ptraceShim: needsPtraceShim() ? await buildPtraceShim() : undefined };
}
