export { EVERYBODY, formatCidr, readCidr } from "./addresses/cidr.ts";
export { parseSpec } from "./document/parse-spec.ts";
export { SpecError, type SpecProblem, type SpecProblemCode } from "./document/spec-problem.ts";
export * from "./emulation.ts";
export { TooManyMatches } from "./rules/count-matches.ts";
export { findShadowed, type Shadowed } from "./rules/find-shadowed.ts";
export { firstRule } from "./rules/first-rule.ts";
export type { Packet } from "./rules/packet.ts";
export { hostsOf, resolveSpec } from "./rules/resolve-spec.ts";
