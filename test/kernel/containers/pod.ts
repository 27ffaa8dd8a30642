import type { Kernel } from "../boot/start.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import type { Containerd } from "./containerd.ts";

/** What its containers run: nothing, until something is run in them. */
const IDLE = ["sleep", "1000000"];

export interface ContainerPodOptions {
  /** Also its network's; "pod" when left out. */
  readonly name?: string;
  /** ["app", "sidecar"] when left out. */
  readonly containers?: readonly string[];
  /** As a pod network's. */
  readonly farAddresses?: number;
}

/** A container of runc. */
interface Container {
  /** As containerd calls it: the pod's name and its own. */
  readonly id: string;
  /** Of its first process; another after a restart. */
  readonly pid: () => number;
  /** Under `/sys/fs/cgroup`, with a slash in front, and the same after a restart. */
  readonly cgroupPath: string;
  /** The command that runs another inside, in its cgroup. */
  readonly inside: () => readonly string[];
  /** Kills it: its cgroup is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it after it was killed. */
  readonly start: () => Promise<void>;
}

/** Containers that share one network namespace. */
export interface ContainerPod<Name extends string = string> {
  readonly network: PodNetwork;
  readonly containers: Readonly<Record<Name, Container>>;
  readonly remove: () => Promise<void>;
}

/** Makes a pod as a Kubernetes node does: a network namespace of its own, and a cgroup for the pod with one for each container in it. */
export async function startContainerPod<const Name extends string = "app" | "sidecar">(
  kernel: Kernel,
  containerd: Containerd,
  { name = "pod", containers: names, farAddresses = 1 }: ContainerPodOptions & { readonly containers?: readonly Name[] } = {},
): Promise<ContainerPod<Name>> {
  const network = await makePodNetwork(kernel, { name, farAddresses });
  const containers = {} as Record<Name, Container>;
  for (const container of names ?? (["app", "sidecar"] as unknown as readonly Name[]))
    containers[container] = await startContainer(containerd, network, container);
  return {
    network,
    containers,
    remove: async () => {
      for (const container of Object.values<Container>(containers)) {
        if (container.pid() > 0) await container.kill();
        await containerd.ctr("containers", "delete", container.id);
      }
      await network.remove();
    },
  };
}

async function startContainer({ ctr, image }: Containerd, { pod, podPath }: PodNetwork, name: string): Promise<Container> {
  const id = `${pod}-${name}`;
  // As a runtime has it: by its id the container is found.
  const cgroupPath = `/pods/${pod}/${id}`;
  let pid = 0;
  let commands = 0;
  const readPid = async () => {
    const row = new RegExp(`^${id} +(\\d+) `, "m").exec(await ctr("tasks", "list"));
    if (row === null) throw new Error(`containerd has started ${id}, and does not list it`);
    pid = Number(row[1]);
  };
  await ctr("run", "--detach", "--with-ns", `network:${podPath}`, "--cgroup", cgroupPath, image, id, ...IDLE);
  await readPid();
  return {
    id,
    pid: () => pid,
    cgroupPath,
    inside: () => {
      commands += 1;
      return ["ctr", "tasks", "exec", "--exec-id", `command-${commands}`, id];
    },
    kill: async () => {
      pid = 0;
      await ctr("tasks", "delete", "--force", id);
    },
    start: async () => {
      await ctr("tasks", "start", "--detach", id);
      await readPid();
    },
  };
}
