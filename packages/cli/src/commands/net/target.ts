import { findContainer, KernelError, lastingNamespace, type NetworkNamespace, namespaceAt, namespaceOfProcess } from "@puggle/tc-agent";
import { CliError } from "../../cli-error.ts";
import { EXIT_CODES } from "../../exit-code.ts";

/** How the command line names a network namespace. */
export interface TargetOptions {
  readonly pid?: number;
  readonly container?: string;
  readonly netns?: string;
  readonly device: string;
}

/** A network namespace, and how to speak of it. */
export interface Target {
  readonly namespace: NetworkNamespace;
  readonly name: string;
  readonly device: string;
  /**
   * The process that looks hosts up as all of it do, at this moment: a container may start again. `undefined` where that is as this machine does it.
   *
   * @throws KernelError where it does not run now
   */
  readonly process: () => number | undefined;
  /** Of the container that was named, from where control groups of version 2 are mounted. */
  readonly cgroup: string | undefined;
  /** Finds it again where it has another network than before; `undefined` where it does not run. Only of what has a name that outlives its network. */
  readonly findAgain?: () => Target | undefined;
}

/**
 * Finds the network namespace that was named.
 *
 * @throws CliError `usage` where none was, or several; KernelError
 */
export function findTarget({ pid, container, netns, device }: TargetOptions): Target {
  const given = [pid, container, netns].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new CliError("usage", EXIT_CODES.usage, "name one network namespace: by --pid <pid>, --container <id> or --netns <path>");
  }
  if (pid !== undefined)
    return { namespace: namespaceOfProcess(pid), name: `process ${pid}`, device, process: () => pid, cgroup: undefined };
  if (netns !== undefined) return { namespace: namespaceAt(netns), name: netns, device, process: () => undefined, cgroup: undefined };
  const id = container ?? "";
  const found = findContainer(id);
  return {
    namespace: lastingNamespace(namespaceOfProcess(found.pid)),
    name: `container ${id}`,
    device,
    process: () => findContainer(id).pid,
    cgroup: found.cgroup,
    findAgain: () => findIfThere({ container: id, device }),
  };
}

function findIfThere(options: TargetOptions): Target | undefined {
  try {
    return findTarget(options);
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}
