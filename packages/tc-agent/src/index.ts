export { type Applied, Engine, type EngineOptions } from "./engine/engine.ts";
export type { RuleStatus, Status, Truth } from "./engine/status.ts";
export { type Feature, type Features, probeFeatures, remedyFor } from "./kernel/features.ts";
export { KernelError, type KernelErrorCode } from "./kernel/kernel-error.ts";
export { type NetworkNamespace, namespaceAt, namespaceOfProcess } from "./kernel/network-namespace.ts";
export * from "./spec/index.ts";
export type { Step } from "./tree/plan.ts";
