import { readdirSync, readFileSync } from "node:fs";
import { KernelError } from "../kernel/kernel-error.ts";

/** A running container: its first process, and its control group. */
export interface Container {
  readonly pid: number;
  /** Of version 2, from where these are mounted; `undefined` where the machine has none. */
  readonly cgroup: string | undefined;
}

const SHORTEST_ID = 6;

/**
 * Finds a running container by its id, or by the beginning of it, whichever runtime started it: all of them name control groups after ids.
 *
 * @throws KernelError `no-namespace` where there is none, or more than one
 */
export function findContainer(id: string): Container {
  if (!/^[\w.-]+$/.test(id) || id.length < SHORTEST_ID) {
    throw new KernelError("no-namespace", `${JSON.stringify(id)} is no container id: give ${SHORTEST_ID} of its characters at least`);
  }
  const found = processes().flatMap((pid) => {
    const groups = groupsOf(pid);
    const parts = groups.flatMap(({ path }) => path.split("/").filter((part) => idIn(part).startsWith(id)));
    const [part] = parts;
    return part === undefined ? [] : [{ pid, part, cgroup: upTo(groups.find(({ isVersion2 }) => isVersion2)?.path, part) }];
  });
  const names = new Set(found.map(({ part }) => idIn(part)));
  if (names.size > 1) throw new KernelError("no-namespace", `${id} is the beginning of ${names.size} containers' ids; give more of it`);
  const first = found.sort((a, b) => a.pid - b.pid)[0];
  if (first === undefined) {
    throw new KernelError("no-namespace", `no process here runs in a container ${id}; is it running, and on this machine?`);
  }
  return { pid: first.pid, cgroup: first.cgroup };
}

/** Docker says `docker-<id>.scope` or `<id>`, containerd `cri-containerd-<id>.scope`, Podman `libpod-<id>.scope`. */
function idIn(part: string): string {
  return part.replace(/\.scope$/, "").replace(/^(docker|cri-containerd|crio|libpod|nerdctl)-/, "");
}

function upTo(path: string | undefined, part: string): string | undefined {
  const end = path?.indexOf(`/${part}`) ?? -1;
  return end === -1 ? undefined : path?.slice(0, end + part.length + 1);
}

function processes(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
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
