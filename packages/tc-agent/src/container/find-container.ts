import { readFileSync } from "node:fs";
import { KernelError } from "../kernel/kernel-error.ts";
import { processIds, startOf } from "../kernel/processes.ts";
import { containerInPath } from "./cgroup-path.ts";

/** A running container: its first process, and its control group. */
export interface Container {
  readonly pid: number;
  /** Of version 2, from where these are mounted; `undefined` where the machine has none. */
  readonly cgroup: string | undefined;
}

const SHORTEST_BEGINNING = 6;

/**
 * Finds a running container by its id, or by the beginning of it, whichever runtime started it: all of them name control groups after ids.
 *
 * @throws KernelError `no-namespace` where there is none, or more than one
 */
export function findContainer(id: string): Container {
  if (!/^[\w.-]+$/.test(id)) throw new KernelError("no-namespace", `${JSON.stringify(id)} is no container id`);
  const found = processIds().flatMap((pid) => {
    const named = groupsOf(pid).flatMap(({ path, isVersion2 }) => {
      const container = containerInPath(path, id);
      return container === undefined ? [] : [{ ...container, isVersion2 }];
    });
    const [first] = named;
    return first === undefined ? [] : [{ pid, ...first, cgroup: named.find(({ isVersion2 }) => isVersion2)?.path }];
  });
  const exact = found.filter((one) => one.id === id);
  const candidates = exact.length > 0 ? exact : found;
  const ids = new Set(candidates.map((one) => one.id));
  const groups = new Set(exact.map((one) => one.cgroup ?? one.path));
  if (ids.size === 1 && groups.size > 1) {
    throw new KernelError(
      "no-namespace",
      `${id} is the name of ${groups.size} containers (${[...groups].join(", ")}); give a --pid of the one`,
    );
  }
  const isTooShort = exact.length === 0 && id.length < SHORTEST_BEGINNING;
  if (ids.size > 1 || (isTooShort && ids.size > 0)) {
    throw new KernelError(
      "no-namespace",
      `${id} is the beginning of ${ids.size} containers' ids; give more of it, ${SHORTEST_BEGINNING} characters at least`,
    );
  }
  // What runs inside may have a network of its own, as where containers run in a container: the first process has the container's.
  const ages = candidates.map((one) => ({ ...one, startedAt: Number(startOf(one.pid) ?? Number.POSITIVE_INFINITY) }));
  const [first] = ages.sort((a, b) => Number(a.isInside) - Number(b.isInside) || a.startedAt - b.startedAt || a.pid - b.pid);
  if (first === undefined) {
    throw new KernelError(
      "no-namespace",
      `no process here runs in a container with the id ${id}; is it running, and on this machine? Names are known to its runtime alone: give the id, or --pid`,
    );
  }
  return { pid: first.pid, cgroup: first.cgroup };
}

function groupsOf(pid: number): readonly { readonly path: string; readonly isVersion2: boolean }[] {
  try {
    const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
    return lines.map((line) => {
      const [hierarchy = "", , ...path] = line.split(":");
      return { path: path.join(":"), isVersion2: hierarchy === "0" };
    });
  } catch {
    // It has ended since.
    return [];
  }
}
