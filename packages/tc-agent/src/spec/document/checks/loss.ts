import type { Finding, WrittenRule } from "../written-rule.ts";

/** A loss follows one model. */
export function findLossConflicts({ fields: { loss } }: WrittenRule): Finding[] {
  if (loss === undefined || typeof loss === "number") return [];
  const models = (["probability", "gemodel", "state"] as const).filter((key) => loss[key] !== undefined);
  const findings: Finding[] = [];
  if (models.length === 0) {
    const fix = "add 'probability', 'gemodel' or 'state'";
    findings.push({ path: ["loss"], code: "missing-key", message: "a loss has none of 'probability', 'gemodel' and 'state'", fix });
  } else if (models.length > 1) {
    const message = `a loss can not follow ${models.map((model) => `'${model}'`).join(" and ")} at once`;
    findings.push({ path: ["loss", models[1] ?? ""], code: "conflicting-keys", message, fix: "keep one of them" });
  } else if (loss.correlation !== undefined && loss.probability === undefined) {
    const message = `'correlation' belongs to 'probability', and '${models[0]}' says by itself how losses follow each other`;
    findings.push({ path: ["loss", "correlation"], code: "conflicting-keys", message, fix: "remove it" });
  }
  return findings;
}

/** netem adds what leads out of a state up in 32 bits: more than 100 % would come out as very little. */
export function findImpossibleStates({ fields: { loss } }: WrittenRule): Finding[] {
  if (typeof loss !== "object" || loss.state === undefined) return [];
  const { p13, p14, p31 = 1 - p13, p32 } = loss.state;
  return [
    { keys: "'p13' and 'p14'", key: "p13", sum: p13 + p14, fix: "lower one of them" },
    { keys: "'p31' (100% - p13 where left out) and 'p32'", key: "p32", sum: p31 + p32, fix: "lower one of them, or write 'p31'" },
  ].flatMap(({ keys, key, sum, fix }): Finding[] =>
    sum <= 1 + Number.EPSILON ? [] : [{ path: ["loss", "state", key], code: "invalid-value", message: `${keys} make more than 100%`, fix }],
  );
}
