export { parseSpec } from "./document/parse-spec.ts";
export { SpecError, type SpecProblem, type SpecProblemCode } from "./document/spec-problem.ts";
export type * from "./emulation.ts";
