export { findNoEffect, findPartitionWithMore } from "./effect.ts";
export { findImpossibleStates, findLossConflicts } from "./loss.ts";
export { findJitterOutOfRange, findMissingNeeds } from "./needed-keys.ts";
export { findPeerConflicts } from "./peers.ts";
