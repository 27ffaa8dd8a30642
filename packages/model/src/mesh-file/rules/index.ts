export { resolveCalls } from "./calls.ts";
export { findDuplicateServices } from "./duplicate-services.ts";
export { findDuplicateVirtualClusters } from "./duplicate-virtual-clusters.ts";
export { findGeneratedNameCollisions } from "./generated-names.ts";
export { findHostConflicts } from "./hosts.ts";
export { type ResolvedMember, resolveMembers } from "./members.ts";
export { findDuplicatePorts } from "./ports.ts";
export { findSaidOnceConflicts } from "./said-once.ts";
export { findEmptySelectors } from "./selectors.ts";
