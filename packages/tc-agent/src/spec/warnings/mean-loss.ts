import type { Degradation, Loss } from "../emulation.ts";

/** The share of packets that do not arrive in the long run: those that are lost, and those that are corrupt, as receivers drop them. */
export function meanLoss({ loss, corrupt }: Degradation): number {
  return 1 - (1 - ofModel(loss)) * (1 - (corrupt?.probability ?? 0));
}

function ofModel(loss: Loss | undefined): number {
  switch (loss?.kind) {
    case undefined:
      return 0;
    case "random":
      return loss.probability;
    case "gemodel": {
      const { p, r, lostWhenBad, lostWhenGood } = loss;
      // With neither a way in nor a way out it stays in the good state, where it begins.
      const bad = p + r === 0 ? 0 : p / (p + r);
      return bad * lostWhenBad + (1 - bad) * lostWhenGood;
    }
    case "state":
      return ofStates(loss);
  }
}

/**
 * How often netem's four states are taken, from what flows between them in the long run: 1 receives, 3 loses in a burst, 2 receives within a burst,
 * and 4 loses one packet by itself, and goes back to 1 with the next.
 */
function ofStates({ p13, p31, p32, p23, p14 }: Extract<Loss, { kind: "state" }>): number {
  if (p13 === 0) return p14 / (1 + p14);
  // Without a way back to 1 it ends among 3 and 2, without a way on from there in 3, and without one from 2 in 2.
  if (p32 > 0 && p23 === 0) return 0;
  const burst = p31 === 0 ? Number.POSITIVE_INFINITY : p13 / p31;
  const within = p32 === 0 ? 0 : p32 / p23;
  if (burst === Number.POSITIVE_INFINITY) return 1 / (1 + within);
  return (burst + p14) / (1 + burst + burst * within + p14);
}
