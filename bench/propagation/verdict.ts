import { percent } from "../percent.ts";
import type { Arm } from "./arms.ts";
import type { ArmFigures } from "./measure.ts";
import type { Load } from "./service.ts";

/** How far the figures of two bare processes may be apart, and how much more than bare ours may cost, as shares. */
const NOISE = 0.02;
const BAR = 0.05;

/** One claim about one load, and whether the figures bear it out. */
export interface Verdict extends Load {
  readonly claim: string;
  readonly holds: boolean;
  readonly because: string;
}

/** Holds the figures of one load against the bars. */
export function judge(load: Load, arms: readonly Arm[], figures: readonly ArmFigures[]): readonly Verdict[] {
  const measured = arms.flatMap((arm) => {
    const figure = figures.find(({ name, calls, isNamed }) => name === arm.name && calls === load.calls && isNamed === load.isNamed);
    return figure === undefined ? [] : [{ arm, figure }];
  });
  const verdicts: Verdict[] = [];
  const control = measured.find(({ arm }) => arm.isControl);
  if (control !== undefined) {
    const { median } = control.figure.overBare;
    verdicts.push({
      ...load,
      claim: `noise within ${percent(NOISE)}`,
      holds: Math.abs(median) <= NOISE,
      because: `bare again: ${percent(median)}`,
    });
  }
  for (const { arm, figure } of measured.filter(({ arm }) => arm.isOurs)) {
    const { upper } = figure.overBare;
    verdicts.push({
      ...load,
      claim: `${arm.name} at most ${percent(BAR)} over bare`,
      holds: upper <= BAR,
      because: `at most ${percent(upper)}`,
    });
    const others = measured.filter(({ arm: other }) => !other.isOurs && other.doesTheJob && other.client === arm.client);
    const cheapest = others.sort(byCost)[0];
    if (cheapest === undefined) continue;
    const because = `${percent(figure.overBare.median)}, and ${cheapest.arm.name} ${percent(cheapest.figure.overBare.median)}`;
    verdicts.push({ ...load, claim: `${arm.name} is the cheapest that does the job`, holds: byCost({ figure }, cheapest) <= 0, because });
  }
  return verdicts;
}

type Measured = { readonly figure: ArmFigures };

function byCost(one: Measured, other: Measured): number {
  return one.figure.overBare.median - other.figure.overBare.median;
}
