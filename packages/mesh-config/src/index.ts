export { resourcesAsGenerated, resourcesOf } from "./baselines.ts";
export { defaultAddresses, type EnvoyAddresses, type WorkloadAddress } from "./envoy/addresses.ts";
export { type EnvoyConfiguration, type EnvoyOptions, generateEnvoy } from "./envoy/generate.ts";
export { printRoutes } from "./envoy/route-configuration.ts";
export { MeshConfigError, type MeshConfigErrorCode } from "./errors.ts";
export { type ChainedCall, type ChainOptions, type ExplainedHop, explainChain, type NextHop } from "./explain/chain.ts";
export { type ExplainedDestination, type ExplainRequest, type Explanation, explain, findSidecar, type Outcome } from "./explain/explain.ts";
export { formatChain, formatExplanation } from "./explain/format.ts";
export { describeBaselines } from "./istio/described-baselines.ts";
export { describeRouting, generateIstio, type IstioOptions, type ServiceRouting } from "./istio/generate.ts";
export { STAMP_KINDS, type StampKind } from "./istio/header-stamp.ts";
export { findLostPolicies, type LostPolicy } from "./istio/lost-policies.ts";
export type { UnreachedRule } from "./istio/matcher-targets.ts";
export { ROUTING_MODES, type RoutingMode } from "./istio/routing-plan.ts";
export { parseManifests } from "./kubernetes/manifests.ts";
export {
  type KubernetesMetadata,
  type KubernetesResource,
  type Labels,
  lastOfEach,
  type ResourceReference,
} from "./kubernetes/resource.ts";
export { type GeneratedFile, generate, TARGETS, type Target } from "./output/files.ts";
export { needsServerSideApply } from "./output/object-sizes.ts";
export { type CompileOptions, compile } from "./routing/compile.ts";
export { findBroken } from "./routing/istio-resources.ts";
export { type Decision, type RoutedRequest, route } from "./routing/route.ts";
export { predictSidecarSize, type SidecarSize } from "./routing/sidecar-size.ts";
export type * from "./routing/table.ts";
