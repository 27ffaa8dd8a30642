/** Where a control group's path names a container. */
export interface NamedContainer {
  /** Its whole id. */
  readonly id: string;
  /** The path down to the container's own group: what is started in it may have groups below. */
  readonly path: string;
}

/**
 * Finds a container in the path of a control group, as runtimes name them:
 *
 * - Docker: `/docker/<id>`, `/system.slice/docker-<id>.scope`
 * - containerd: `/kubepods/burstable/pod<uid>/<id>`, `/kubepods.slice/…/cri-containerd-<id>.scope`; of `ctr`, `/default/<name>`
 * - CRI-O: `/kubepods.slice/…/crio-<id>.scope`, `/kubepods/…/crio-<id>`
 * - Podman: `/machine.slice/libpod-<id>.scope/container`, `/libpod_parent/libpod-<id>`
 *
 * What watches a container has a group whose name differs: `crio-conmon-<id>.scope`.
 *
 * @param id - the beginning of 64 hexadecimal digits is enough; other names are whole
 */
export function containerInPath(path: string, id: string): NamedContainer | undefined {
  const parts = path.split("/");
  const at = parts.findIndex((part) => isNamed(idIn(part), id));
  const part = parts[at];
  return part === undefined ? undefined : { id: idIn(part), path: parts.slice(0, at + 1).join("/") };
}

const DIGITS = /^[0-9a-f]{64}$/;

function isNamed(found: string, id: string): boolean {
  return found === id || (DIGITS.test(found) && found.startsWith(id));
}

function idIn(part: string): string {
  return part.replace(/\.scope$/, "").replace(/^(docker|cri-containerd|crio|libpod|nerdctl)-/, "");
}
