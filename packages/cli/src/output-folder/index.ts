export { applyPlan } from "./apply.ts";
export { type OutputPlan, planOutput } from "./plan.ts";
export { scanOutput } from "./scan.ts";
