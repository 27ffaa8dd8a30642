/**
 * The name of the virtual cluster follows a request through a Node.js service: from the inbound header `virtual-cluster-name`
 * to every outbound request.
 *
 * @packageDocumentation
 */
export type { Counters, NameFault, WithholdReason } from "./counters.ts";
export { PropagationError, type PropagationErrorCode } from "./errors.ts";
export { instrumentGrpc, instrumentUndici, type Registration, register, unregister } from "./registration.ts";
export type { RegisterOptions } from "./settings.ts";
export { type Stats, stats } from "./stats.ts";
export { defaultTargets } from "./targets/pattern.ts";
export { currentVirtualCluster, runInVirtualCluster } from "./virtual-cluster.ts";
