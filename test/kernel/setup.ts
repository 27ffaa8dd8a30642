import type { TestProject } from "vitest/node";
import type { KernelParts } from "./boot/parts.ts";
import { buildPtraceShim, needsPtraceShim } from "./boot/ptrace-shim.ts";
import { findMissing } from "./requirements.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** What a kernel with network emulation is started with; `undefined` where this machine lacks something for it, which was said. */
    readonly kernelParts: KernelParts | undefined;
  }
}

/** Runs once, before all tests on that kernel. */
export async function setup(project: TestProject): Promise<void> {
  project.provide("kernelParts", await findParts());
}

/** @throws where tests would be left out, and none may be. */
async function findParts(): Promise<KernelParts | undefined> {
  const missing = findMissing();
  if (missing.length > 0) {
    const text = `the tests on a kernel with network emulation need more than this machine has:\n${missing.map((line) => `  ${line}`).join("\n")}`;
    if (process.env.CI !== undefined) throw new Error(text);
    console.warn(`skipped: ${text}`);
    return undefined;
  }
  return { linux: "linux.uml", ptraceShim: needsPtraceShim() ? await buildPtraceShim() : undefined };
}
