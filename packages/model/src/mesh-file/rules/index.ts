export { resolveCalls } from "./calls.ts";
export { findClusterDomainConflicts } from "./cluster-domains.ts";
export { findDuplicateServices } from "./duplicate-services.ts";
export { findDuplicateVirtualClusters } from "./duplicate-virtual-clusters.ts";
export { findGeneratedNameCollisions } from "./generated-names.ts";
export { findHostConflicts } from "./hosts.ts";
export { type ResolvedMember, resolveMembers } from "./members.ts";
export { findDuplicatePorts } from "./ports.ts";
export { findEmptySelectors } from "./selectors.ts";
