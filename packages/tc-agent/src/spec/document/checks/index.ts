export { findNoEffect, findPartitionWithMore } from "./effect.ts";
export { findImpossibleStates, findLossConflicts } from "./loss.ts";
export { findJitterAboveDelay, findMissingNeeds } from "./needed-keys.ts";
export { findPeerConflicts } from "./peers.ts";
