import { findEnvoy } from "@puggle/local-envoy";
import type { TestProject } from "vitest/node";
import { isComplete } from "../../machine/is-complete.ts";
import { findMissing, findMissingForNode } from "../requirements.ts";
import { buildTools, type Tools } from "./build.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** What the cluster is made of; `undefined` where this machine lacks something for it, which was said. */
    readonly clusterParts: ClusterParts | undefined;
    /** The same for a cluster whose node runs pods, which needs more of a machine. */
    readonly nodeParts: ClusterParts | undefined;
  }
}

export interface ClusterParts {
  readonly tools: Tools;
  /** Path of the Envoy that sidecars are. */
  readonly envoy: string;
}

/** Runs once, before all tests on the real Istio: builds what they need. */
export async function setup(project: TestProject): Promise<void> {
  const isRunnable = isComplete("the tests on the real Istio", findMissing());
  const hasNode = isRunnable && isComplete("the tests with pods and full sidecars", findMissingForNode());
  const parts = isRunnable ? await getParts() : undefined;
  project.provide("clusterParts", parts);
  project.provide("nodeParts", hasNode ? parts : undefined);
}

async function getParts(): Promise<ClusterParts> {
  const tools = await buildTools((message) => console.error(message));
  const envoy = await findEnvoy({ onProgress: ({ message }) => console.error(message) });
  return { tools, envoy: envoy.path };
}
