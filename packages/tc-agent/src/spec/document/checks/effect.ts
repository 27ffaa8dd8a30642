import { egressRuleSchema, ingressRuleSchema } from "../schema.ts";
import type { Finding, WrittenRule } from "../written-rule.ts";

const DEGRADATIONS = [
  "delay",
  "jitter",
  "distribution",
  "correlation",
  "loss",
  "duplicate",
  "corrupt",
  "reorder",
  "rate",
  "queue",
  "seed",
] as const;
const EFFECTS = ["delay", "jitter", "loss", "duplicate", "corrupt", "reorder", "rate", "partition"] as const;
/** Of these, something else is said that the reader has to mend first. */
const NEEDY = ["distribution", "correlation", "queue"] as const;
const KNOWN = new Set([...Object.keys(egressRuleSchema.shape), ...Object.keys(ingressRuleSchema.shape)]);

/** A partition with a delay would be a partition. */
export function findPartitionWithMore({ raw, fields }: WrittenRule): Finding[] {
  const others = DEGRADATIONS.filter((key) => raw[key] !== undefined).map((key) => `'${key}'`);
  if (fields.partition === undefined || others.length === 0) return [];
  const message = `'partition' lets nothing through, so ${others.join(", ")} would have no effect`;
  return [{ path: ["partition"], code: "conflicting-keys", message, fix: "remove one or the other" }];
}

/** A rule without effect would still take its packets from the rules after it, which nobody expects. */
export function findNoEffect({ raw, fields }: WrittenRule): Finding[] {
  const hasEffect = EFFECTS.some((key) => raw[key] !== undefined && !isNothing(fields[key]));
  // A key that is not known may have been meant as one of them.
  if (hasEffect || NEEDY.some((key) => raw[key] !== undefined) || Object.keys(raw).some((key) => !KNOWN.has(key))) return [];
  const fix = `add one of ${EFFECTS.filter((key) => key !== "jitter").join(", ")}; what shall pass belongs to 'except' or 'pass'`;
  return [{ path: [], code: "emulates-nothing", message: "it emulates nothing", fix }];
}

function isNothing(value: unknown): boolean {
  return value === 0 || (typeof value === "object" && value !== null && "probability" in value && value.probability === 0);
}
