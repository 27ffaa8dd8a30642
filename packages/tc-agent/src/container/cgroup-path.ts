/** Where a control group's path names a container. */
export interface NamedContainer {
  /** Its whole id. */
  readonly id: string;
  /** The path down to the container's own group: what is started in it may have groups below. */
  readonly path: string;
  /** Is this a group that was made inside the container, such as one of systemd's there? */
  readonly isInside: boolean;
}

/**
 * Finds a container in the path of a control group, as runtimes name them:
 *
 * - Docker: `/docker/<id>`, `/system.slice/docker-<id>.scope`
 * - containerd: `/kubepods/burstable/pod<uid>/<id>`, `/kubepods.slice/…/cri-containerd-<id>.scope`; of `ctr`, `/default/<name>`
 * - CRI-O: `/kubepods.slice/…/crio-<id>.scope`, `/kubepods/…/crio-<id>`
 * - Podman: `/machine.slice/libpod-<id>.scope/container`, `/libpod_parent/libpod-<id>`, `/system.slice/web.service/libpod-payload-<id>`
 *
 * What watches a container has a group whose name differs: `crio-conmon-<id>.scope`.
 *
 * @param id - the beginning of 64 hexadecimal digits is enough. Other names are whole, and those of the last group alone: groups above may be called anything
 */
export function containerInPath(path: string, id: string): NamedContainer | undefined {
  const parts = path.split("/");
  const at = parts.findIndex((_, index) => isNamed(parts, index, id));
  const part = parts[at];
  if (part === undefined) return undefined;
  const below = parts.slice(at + 1).join("/");
  return { id: idIn(part), path: parts.slice(0, at + 1).join("/"), isInside: below !== "" && below !== RUNTIMES_OWN };
}

const DIGITS = /^[0-9a-f]{64}$/;

/** Of crun, and of CRI-O with it: a group below the one that has the name. */
const RUNTIMES_OWN = "container";

function isNamed(parts: readonly string[], index: number, id: string): boolean {
  const found = idIn(parts[index] ?? "");
  if (DIGITS.test(found)) return found.startsWith(id);
  // Below a container's group are those that were made inside it.
  return found === id && index === parts.length - 1 && !parts.slice(0, index).some((part) => DIGITS.test(idIn(part)));
}

function idIn(part: string): string {
  return part.replace(/\.scope$/, "").replace(/^(docker|cri-containerd|crio|libpod-payload|libpod|nerdctl)-/, "");
}
