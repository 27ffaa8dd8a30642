import { isObject } from "../kubernetes/merge-patch.ts";
import { mapContainers } from "../kubernetes/pod-spec.ts";

/** The flags by which controllers are told the name of the lease that one of them holds: of client-go, controller-runtime and what follows them. */
const FLAG = /^(--?leader-elect(?:ion)?-(?:id|name|resource-name|lease-name|lock-name|configmap-name|lock-object-name))(?:=(.+))?$/;
const VARIABLE = /^(?:\w+_)?LEADER_ELECT(?:ION)?_(?:ID|NAME|RESOURCE_NAME|LEASE_NAME|LOCK_NAME)$/;

/**
 * A pod's spec whose containers elect a leader among their own: with the baseline's lease a member would keep the baseline from its work, or wait for ever for
 * its own. Names are told by the flags and variables by which they are commonly said; others stay.
 */
export function withOwnLeases<Spec extends object>(spec: Spec, virtualCluster: string): Spec {
  return mapContainers(spec, (container) => rename(container, virtualCluster));
}

function rename(container: unknown, virtualCluster: string): unknown {
  if (!isObject(container)) return container;
  const { command, args, env } = container;
  return {
    ...container,
    ...(Array.isArray(command) ? { command: renameFlags(command, virtualCluster) } : {}),
    ...(Array.isArray(args) ? { args: renameFlags(args, virtualCluster, Array.isArray(command) ? command.at(-1) : undefined) } : {}),
    ...(Array.isArray(env) ? { env: env.map((variable) => renameVariable(variable, virtualCluster)) } : {}),
  };
}

/** A flag has its value behind `=`, or in the next word. */
function renameFlags(words: readonly unknown[], virtualCluster: string, wordBefore?: unknown): readonly unknown[] {
  return words.map((word, index) => {
    if (typeof word !== "string") return word;
    const [, flag, value] = FLAG.exec(word) ?? [];
    if (flag !== undefined && value !== undefined) return `${flag}=${value}-${virtualCluster}`;
    const before = index === 0 ? wordBefore : words[index - 1];
    const isValue = typeof before === "string" && FLAG.exec(before)?.[1] === before && !word.startsWith("-");
    return isValue ? `${word}-${virtualCluster}` : word;
  });
}

function renameVariable(variable: unknown, virtualCluster: string): unknown {
  if (!isObject(variable) || typeof variable.name !== "string" || typeof variable.value !== "string") return variable;
  return VARIABLE.test(variable.name) ? { ...variable, value: `${variable.value}-${virtualCluster}` } : variable;
}
