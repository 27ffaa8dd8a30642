import type { FoundTree } from "../kernel/read-tree.ts";
import type { Rules } from "../spec/emulation.ts";
import { rulesByPlace } from "../tree/banks.ts";
import { type Desired, HOOKS, layoutOf, planChange } from "../tree/plan.ts";
import { type Leaf, placeOf } from "../tree/tree.ts";

/** As in conditions of Kubernetes: what was not seen is not known. */
export type Truth = "True" | "False" | "Unknown";

export interface RuleStatus {
  readonly name: string;
  /** Real packets obeyed it. `Unknown` as long as none came: a rule that waits is no rule that fails. */
  readonly matched: Truth;
  /** So many, since its filters were made. */
  readonly packets: number;
}

export interface Status {
  /** Has the kernel what was asked for, to the last filter? */
  readonly applied: Truth;
  readonly rules: readonly RuleStatus[];
  /** Those in the kernel, whoever made them. */
  readonly leaves: readonly Leaf[];
}

/** Reads from a tree how it stands with the rules that shall be in force. */
export function readStatus({ rules }: Rules, found: FoundTree, desired: Desired): Status {
  const left = planChange(found, desired).filter(({ kind }) => kind !== "retire");
  const packets = packetsOf(found, desired);
  return {
    applied: left.length === 0 ? "True" : "False",
    rules: rules.map(({ name }) => {
      const count = packets.get(name) ?? 0;
      return { name, matched: count > 0 ? "True" : "Unknown", packets: count };
    }),
    leaves: found.leaves,
  };
}

/** A hook that is changing may have a rule's filters twice: both count. */
function packetsOf({ counted }: FoundTree, desired: Desired): ReadonlyMap<string, number> {
  const rules = new Map(HOOKS.flatMap((hook) => [...rulesByPlace(hook, layoutOf(hook, desired))]));
  const packets = new Map<string, number>();
  for (const { filter, packets: count = 0 } of counted) {
    const rule = filter === undefined ? undefined : rules.get(placeOf(filter));
    if (rule !== undefined) packets.set(rule, (packets.get(rule) ?? 0) + count);
  }
  return packets;
}
