import { findEnvoy } from "@puggle/local-envoy";
import type { TestProject } from "vitest/node";
import { findMissing } from "../requirements.ts";
import { buildTools, type Tools } from "./build.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** What the cluster is made of; `undefined` where this machine lacks something for it, which was said. */
    readonly clusterParts: ClusterParts | undefined;
  }
}

export interface ClusterParts {
  readonly tools: Tools;
  /** Path of the Envoy that sidecars are. */
  readonly envoy: string;
}

/** Runs once, before all tests on the real Istio: builds what they need. */
export async function setup(project: TestProject): Promise<void> {
  const missing = findMissing();
  if (missing.length > 0) {
    const text = `the tests on the real Istio need more than this machine has:\n${missing.map((line) => `  ${line}`).join("\n")}`;
    // Where nothing may be left out, it is not.
    if (process.env.CI !== undefined) throw new Error(text);
    console.warn(`skipped: ${text}`);
    project.provide("clusterParts", undefined);
    return;
  }
  const tools = await buildTools((message) => console.error(message));
  const envoy = await findEnvoy({ onProgress: ({ message }) => console.error(message) });
  project.provide("clusterParts", { tools, envoy: envoy.path });
}
