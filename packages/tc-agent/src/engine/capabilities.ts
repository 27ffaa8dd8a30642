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
  const missing = [...neededFor(rules, features, isLeased, mark !== undefined)].filter((feature) => !features[feature]);
  if (missing.length > 0) throw new KernelError("unsupported", missing.map(remedyFor).join("; "));
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

function* neededFor({ rules }: Rules, { flower }: Features, isLeased: boolean, isMarked: boolean): Iterable<Feature> {
  yield "redirect";
  if (!flower) yield "u32";
  if (isLeased) yield "lease";
  if (isMarked) yield* ["marks", "actions"] as const;
  if (isMarked && rules.some(({ direction }) => direction === "ingress")) yield "connmark";
  if (rules.some(({ except, emulation }) => except.length > 0 || emulation.kind === "partition")) yield "actions";
  for (const { emulation } of rules) {
    if (emulation.kind === "partition") continue;
    const { delayUs, loss, duplicate, corrupt, reorder, rate, seed } = emulation;
    if (delayUs > 0 || [loss, duplicate, corrupt, reorder].some((part) => part !== undefined)) yield "netem";
    if (rate !== undefined) yield "tbf";
    if (seed !== undefined) yield "seed";
  }
}
