import { type Desired, HOOKS, layoutOf } from "./plan.ts";
import { qdiscsOf } from "./qdiscs.ts";
import type { Filter, Qdisc } from "./tree.ts";

/**
 * The tree that is desired, for a person: for each hook its filters in the order in which packets meet them, and to which leaf they lead; then the leaves, with
 * their queueing disciplines from the outermost in. What stands there whatever the rules are, for the lease and for neighbour discovery, is left out.
 */
export function outline(desired: Desired): readonly string[] {
  const filters = HOOKS.flatMap((hook) =>
    layoutOf(hook, desired).flatMap((chain, index) =>
      chain.map(({ criterion, verdict }) => {
        const target =
          verdict.kind === "leaf" ? `leaf of ${verdict.rule}` : verdict.kind === "goto" ? `chain ${verdict.chain}` : verdict.kind;
        return `${hook}, chain ${index}: ${describeCriterion(criterion)} -> ${target}`;
      }),
    ),
  );
  const leaves = desired.rules.rules.flatMap(({ name, emulation }) =>
    emulation.kind === "partition" ? [] : [`leaf of ${name}: ${qdiscsOf(emulation, desired.mtu).map(describeQdisc).join(" > ")}`],
  );
  return [...filters, ...leaves];
}

function describeCriterion({ protocol, classifier, keys }: Pick<Filter, "protocol" | "classifier" | "keys">): string {
  return [protocol, classifier, ...Object.entries(keys).flat()].join(" ");
}

/** A queueing discipline with those of its parameters that do something. */
export function describeQdisc({ kind, parameters }: Qdisc): string {
  const told = Object.entries(parameters).filter(([, value]) => value !== 0);
  return [kind, ...told.flat()].join(" ");
}
