import type { Chance, Emulation, Loss } from "../emulation.ts";
import type { RuleFields } from "./schema.ts";

type WrittenChance = Exclude<RuleFields["duplicate"], undefined>;

/** What a rule that passed its checks asks of netem. What would do nothing is left out. */
export function readEmulation(fields: RuleFields): Emulation {
  if (fields.partition === true) return { kind: "partition" };
  const { delay, jitter, correlation, distribution, reorder, rate, queue, seed } = fields;
  const loss = readLoss(fields.loss);
  const duplicate = readChance(fields.duplicate);
  const corrupt = readChance(fields.corrupt);
  const overtaking = readChance(reorder);
  const gap = typeof reorder === "object" ? reorder.gap : undefined;
  return {
    kind: "degradation",
    delayUs: delay ?? 0,
    jitterUs: jitter ?? 0,
    delayCorrelation: correlation ?? 0,
    ...(distribution && { distribution }),
    ...(loss && { loss }),
    ...(duplicate && { duplicate }),
    ...(corrupt && { corrupt }),
    ...(overtaking && { reorder: { ...overtaking, ...(gap === undefined ? {} : { gap }) } }),
    ...(rate === undefined ? {} : { rate }),
    ...(queue === undefined ? {} : { queueUs: queue }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function readChance(written: WrittenChance | undefined): Chance | undefined {
  const { probability, correlation = 0 } = typeof written === "object" ? written : { probability: written ?? 0 };
  return probability === 0 ? undefined : { probability, correlation };
}

function readLoss(written: RuleFields["loss"]): Loss | undefined {
  if (typeof written !== "object") return ofChance(readChance(written));
  const { probability, correlation, gemodel, state } = written;
  if (gemodel !== undefined) return { kind: "gemodel", ...gemodel, r: gemodel.r ?? 1 - gemodel.p };
  if (state !== undefined) return { kind: "state", ...state, p31: state.p31 ?? 1 - state.p13 };
  return ofChance(readChance({ probability: probability ?? 0, correlation }));
}

function ofChance(chance: Chance | undefined): Loss | undefined {
  return chance && { kind: "random", ...chance };
}
