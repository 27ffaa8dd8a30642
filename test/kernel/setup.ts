import type { TestProject } from "vitest/node";
import { isComplete } from "../machine/is-complete.ts";
import { findParts } from "./boot/find-parts.ts";
import type { KernelParts } from "./boot/parts.ts";
import { findMissing } from "./requirements.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** What a kernel with network emulation is started with; `undefined` where this machine lacks something for it, which was said. */
    readonly kernelParts: KernelParts | undefined;
  }
}

/** Runs once, before all tests on that kernel. */
export async function setup(project: TestProject): Promise<void> {
  const isRunnable = isComplete("the tests on a kernel with network emulation", findMissing());
  project.provide("kernelParts", isRunnable ? await findParts() : undefined);
}
