import { closeSync, fstatSync, openSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { KernelError } from "./kernel-error.ts";

/** A network namespace, by a file that stands for it. */
export interface NetworkNamespace {
  /** `/proc/<pid>/ns/net`, or where `ip netns add` has put it. */
  readonly path: string;
  /** Device and inode: the same for every file of the same namespace, and for no other as long as it lives. */
  readonly id: string;
}

/**
 * The network namespace of a process.
 *
 * @throws KernelError `no-namespace`, `own-namespace`
 */
export function namespaceOfProcess(pid: number): NetworkNamespace {
  return openNamespace(`/proc/${pid}/ns/net`, `there is no process ${pid}`);
}

/**
 * The network namespace for which a file stands.
 *
 * @throws KernelError `no-namespace`, `own-namespace`
 */
export function namespaceAt(path: string): NetworkNamespace {
  return openNamespace(path, `there is no network namespace at ${path}`);
}

function openNamespace(path: string, missing: string): NetworkNamespace {
  const id = idOf(path);
  if (id === undefined) throw new KernelError("no-namespace", `${missing}; is it gone, or do you need to be root?`);
  if (!isNetworkNamespace(path, id)) throw new KernelError("no-namespace", `${path} is no network namespace`);
  // Both: an agent in a pod of its own has another network than the node's first process.
  if ([idOf("/proc/1/ns/net"), idOf("/proc/self/ns/net")].includes(id)) {
    throw new KernelError(
      "own-namespace",
      "that is the network of this host itself, and never touched; name a process of a container with a network of its own",
    );
  }
  return { path, id };
}

/** Where CNI plugins, Podman and `ip netns` put files of namespaces, and where Docker does. */
const FOLDERS = ["/run/netns", "/run/docker/netns"];

/**
 * The same namespace by a file that outlives its processes, where somebody has made one: a container that starts again in a pod's network is another process.
 */
export function lastingNamespace(namespace: NetworkNamespace): NetworkNamespace {
  const paths = FOLDERS.flatMap((folder) => filesIn(folder));
  const path = paths.find((one) => idOf(one) === namespace.id);
  return path === undefined ? namespace : { ...namespace, path };
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Does the file still stand for the same namespace? */
export function isAlive({ path, id }: NetworkNamespace): boolean {
  return idOf(path) === id;
}

/** A network namespace that is kept open: the path leads to it and to no other until it is released, whatever becomes of its processes and their numbers. */
export interface HeldNamespace extends NetworkNamespace {
  readonly release: () => void;
}

/**
 * Keeps a network namespace open.
 *
 * @throws KernelError `gone` where its file stands for it no more
 */
export function holdNamespace({ path, id }: NetworkNamespace): HeldNamespace {
  const file = openIfThere(path);
  if (file !== undefined && describe(fstatSync(file)) === id) {
    let isHeld = true;
    const release = () => {
      // The number may be another file's then.
      if (isHeld) closeSync(file);
      isHeld = false;
    };
    return { path: `/proc/${process.pid}/fd/${file}`, id, release };
  }
  if (file !== undefined) closeSync(file);
  throw new KernelError("gone", `the network namespace ${path} is gone`);
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

function idOf(path: string): string | undefined {
  try {
    return describe(statSync(path));
  } catch {
    return undefined;
  }
}

function describe({ dev, ino }: Stats): string {
  return `${dev}-${ino}`;
}

/** Files of namespaces are all on one file system: that of our own. */
function isNetworkNamespace(path: string, id: string): boolean {
  const device = idOf("/proc/self/ns/net")?.split("-")[0];
  return path.startsWith("/proc/") ? path.endsWith("/ns/net") : id.split("-")[0] === device;
}
