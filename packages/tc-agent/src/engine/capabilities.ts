import { type Feature, type Features, remedyFor } from "../kernel/features.ts";
import { KernelError } from "../kernel/kernel-error.ts";
import type { Rules } from "../spec/emulation.ts";
import { MOST_CHAINS, MOST_FILTERS } from "../tree/banks.ts";
import type { Dialect } from "../tree/classifiers.ts";
import { layOut, type Mark } from "../tree/layout.ts";
import { HOOKS } from "../tree/plan.ts";

/** How packets are told apart on a kernel. */
export function dialectFor({ flower, actions }: Features): Dialect {
  return flower && actions ? "flower" : "u32";
}

/**
 * Refuses rules for which the kernel, or its tools, lack something.
 *
 * @throws KernelError `unsupported`, with what to install for each
 */
export function refuseUnsupported(
  rules: Rules,
  features: Features,
  { isLeased, mark }: { readonly isLeased: boolean; readonly mark: Mark | undefined },
): void {
  if (rules.rules.length === 0) return;
  const missing = new Map<Feature, string>();
  for (const { feature, rule } of neededFor(rules, features, isLeased, mark !== undefined)) {
    if (!features[feature] && !missing.has(feature)) missing.set(feature, rule === undefined ? "" : `rule '${rule}': `);
  }
  if (missing.size > 0) {
    throw new KernelError("unsupported", Array.from(missing, ([feature, where]) => `${where}${remedyFor(feature)}`).join("; "));
  }
  for (const hook of HOOKS) {
    const dialect = dialectFor(features);
    const chains = layOut(rules, hook, dialect, mark);
    const longest = Math.max(0, ...chains.map(({ length }) => length));
    if (longest > MOST_FILTERS[dialect] || chains.length > MOST_CHAINS) {
      throw new KernelError(
        "unsupported",
        `the rules for ${hook} need ${longest} filters in one chain, and ${chains.length} chains; at most ${MOST_FILTERS[dialect]} and ${MOST_CHAINS} are made: use wider networks or port ranges`,
      );
    }
  }
}

/** A feature, and the first rule that needs it where not all do. */
interface Need {
  readonly feature: Feature;
  readonly rule?: string;
}

function* neededFor({ rules }: Rules, { flower }: Features, isLeased: boolean, isMarked: boolean): Iterable<Need> {
  yield { feature: "redirect" };
  if (!flower) yield { feature: "u32" };
  if (isLeased) yield { feature: "lease" };
  if (isMarked) yield* [{ feature: "marks" }, { feature: "actions" }] as const;
  if (isMarked && rules.some(({ direction }) => direction === "ingress")) yield { feature: "connmark" };
  for (const { name: rule, except, emulation } of rules) {
    if (except.length > 0 || emulation.kind === "partition") yield { feature: "actions", rule };
    if (emulation.kind === "partition") continue;
    const { delayUs, loss, duplicate, corrupt, reorder, rate, seed } = emulation;
    if (delayUs > 0 || [loss, duplicate, corrupt, reorder].some((part) => part !== undefined)) yield { feature: "netem", rule };
    if (rate !== undefined) yield { feature: "tbf", rule };
    if (seed !== undefined) yield { feature: "seed", rule };
  }
}
