import type { Kernel } from "../boot/start.ts";

export interface PodNetworkOptions {
  /** The pod's network namespace; the other's is called so with `-far` behind. "pod" when left out. Networks of different names do not meet, so all have the same addresses. */
  readonly name?: string;
  /** How many addresses of each family the far side has; 1 when left out. */
  readonly farAddresses?: number;
}

/**
 * A pod's network namespace, whose `eth0` leads to another namespace, which stands for the node and all that the pod speaks with: there `veth0`, its other end,
 * is a port of `bridge0`, which has the addresses.
 */
export interface PodNetwork {
  readonly pod: string;
  readonly far: string;
  /** Paths of the two namespaces. */
  readonly podPath: string;
  readonly farPath: string;
  readonly podIpv4: string;
  readonly podIpv6: string;
  /** 10.9.0.1, then 10.9.1.1 and so on: each in a /24 of its own. */
  readonly farIpv4: readonly string[];
  /** fd00:9::1, then fd00:9:1::1 and so on: each in a /48 of its own. */
  readonly farIpv6: readonly string[];
  /** Commands that run another inside. */
  readonly inPod: readonly string[];
  readonly inFar: readonly string[];
  /** Ends what still runs inside, and removes both. */
  readonly remove: () => Promise<void>;
}

const POD_IPV4 = "10.9.0.2";
const POD_IPV6 = "fd00:9::2";

const REMOVE = `
for name; do
  ip netns pids "$name" | xargs -r kill -s KILL
  ip netns delete "$name"
done
`;

/** Makes a pod's network. Addresses can be used at once, without duplicate address detection. */
export async function makePodNetwork(kernel: Kernel, { name = "pod", farAddresses = 1 }: PodNetworkOptions = {}): Promise<PodNetwork> {
  const far = `${name}-far`;
  const numbers = Array.from({ length: farAddresses }, (_, index) => index);
  const farIpv4 = numbers.map((number) => `10.9.${number}.1`);
  const farIpv6 = numbers.map((number) => (number === 0 ? "fd00:9::1" : `fd00:9:${number.toString(16)}::1`));
  // One process for each namespace's commands: a process takes some 20 ms on that kernel.
  const batches = {
    all: [`netns add ${name}`, `netns add ${far}`, `link add name eth0 netns ${name} type veth peer name veth0 netns ${far}`],
    far: ["link add bridge0 type bridge", "link set veth0 master bridge0 addrgenmode none up", ...setUp("bridge0", farIpv4, farIpv6)],
    pod: [...setUp("eth0", [POD_IPV4], [POD_IPV6]), "route add default via 10.9.0.1", "route add default via fd00:9::1"],
  };
  await kernel.run("ip", ["-batch", "-"], { input: lines(batches.all) });
  await kernel.run("ip", ["-n", far, "-batch", "-"], { input: lines(batches.far) });
  await kernel.run("ip", ["-n", name, "-batch", "-"], { input: lines(batches.pod) });
  return {
    pod: name,
    far,
    podPath: `/run/netns/${name}`,
    farPath: `/run/netns/${far}`,
    podIpv4: POD_IPV4,
    podIpv6: POD_IPV6,
    farIpv4,
    farIpv6,
    inPod: ["ip", "netns", "exec", name],
    inFar: ["ip", "netns", "exec", far],
    remove: async () => void (await kernel.shell(REMOVE, [name, far])),
  };
}

function setUp(device: string, ipv4: readonly string[], ipv6: readonly string[]): readonly string[] {
  return [
    ...ipv4.map((address) => `addr add ${address}/16 dev ${device}`),
    ...ipv6.map((address) => `addr add ${address}/32 dev ${device} nodad`),
    "link set lo up",
    `link set ${device} up`,
  ];
}

function lines(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join("");
}
