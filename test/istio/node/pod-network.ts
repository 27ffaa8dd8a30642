import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { SIDECAR_GROUP } from "../sidecars/pod-sidecar.ts";

const run = promisify(execFile);

const OUTBOUND_PORT = 15_001;
const INBOUND_PORT = 15_006;
/** From here sidecars connect to their pods. */
const INBOUND_SOURCE = "127.0.0.6";
/** Those of a sidecar's own: its admin interface, readiness and statistics. */
const PORTS_OF_SIDECARS = "15000,15021,15090";

const SUBNETS = Array.from({ length: 255 }, (_, index) => `10.211.${index}`);

/** The network of one node: a bridge of this machine, and a network namespace for each pod. */
export interface PodNetwork {
  /** The machine's own address on the bridge, at which pods reach it. */
  readonly hostAddress: string;
  readonly addPod: (options: PodNetworkOptions) => Promise<PodNamespace>;
  /** Removes the bridge and all namespaces. */
  readonly stop: () => Promise<void>;
}

interface PodNetworkOptions {
  /** The namespaces in which the pod's programs look for names, as in `resolv.conf`. */
  readonly searchDomains: readonly string[];
  /** Do its connections go through a sidecar? */
  readonly isRedirected: boolean;
}

export interface PodNamespace {
  readonly address: string;
  /** The command that runs another inside. */
  readonly launcher: readonly string[];
  readonly remove: () => Promise<void>;
}

// Waits for the end of its input, which comes when the process that made the network has ended, however that came; then removes what is there by its names.
const JANITOR = `
trap '' INT TERM HUP
cat >/dev/null
for name in $(ip netns list | cut -d ' ' -f 1); do
  case $name in "$1"-*) ip netns pids "$name" | xargs -r kill -9; ip netns del "$name"; rm -rf "/etc/netns/$name" ;; esac
done
ip link del "$2"
`;

// Its own address: it would have the least of its ports, and pods would send to one that is gone with the pod that had it.
const ADD_BRIDGE = `
ip link add "$1" address 02:00:00:00:00:01 type bridge
ip link set "$1" alias "$2"
ip addr add "$3.1/24" dev "$1"
ip link set "$1" up
`;

const ADD_POD = `
name=$1 bridge=$2 veth=$3 address=$4 gateway=$5 search=$6
mkdir -p "/etc/netns/$name"
printf 'nameserver %s\\nsearch %s\\noptions ndots:5\\n' "$gateway" "$search" >"/etc/netns/$name/resolv.conf"
ip netns add "$name"
ip link add "$veth" type veth peer name eth0 netns "$name"
ip link set "$veth" master "$bridge" up
ip -n "$name" addr add "$address/24" dev eth0
ip -n "$name" link set lo up
ip -n "$name" link set eth0 up
ip -n "$name" route add default via "$gateway"
`;

/**
 * What this machine itself asks of a pod, such as whether it is ready, goes past its sidecar. What a sidecar sends to its own pod comes in as from others, but for what it
 * has let in already.
 */
const redirection = (hostAddress: string) => `*nat
-A OUTPUT -p tcp -s ${INBOUND_SOURCE}/32 -o lo -j RETURN
-A OUTPUT -p tcp -o lo ! -d 127.0.0.1/32 -m owner --gid-owner ${SIDECAR_GROUP} -j REDIRECT --to-ports ${INBOUND_PORT}
-A OUTPUT -p tcp -m owner --gid-owner ${SIDECAR_GROUP} -j RETURN
-A OUTPUT -p tcp -d 127.0.0.1/32 -j RETURN
-A OUTPUT -p tcp -j REDIRECT --to-ports ${OUTBOUND_PORT}
-A PREROUTING -p tcp -s ${hostAddress}/32 -j RETURN
-A PREROUTING -p tcp -m multiport --dports ${PORTS_OF_SIDECARS} -j RETURN
-A PREROUTING -p tcp -j REDIRECT --to-ports ${INBOUND_PORT}
COMMIT
`;

let networks = 0;

/**
 * Makes a network whose parts are gone when this process has ended, however it ends.
 *
 * @throws where this process may not make network namespaces.
 */
export async function makePodNetwork(): Promise<PodNetwork> {
  networks += 1;
  const prefix = `puggle-${process.pid}-${networks}`;
  const { bridge, subnet } = await addBridge(prefix);
  const janitor = spawn("sh", ["-c", JANITOR, "janitor", prefix, bridge], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  janitor.unref();
  const hostAddress = `${subnet}.1`;
  const free = Array.from({ length: 253 }, (_, index) => index + 2);
  let pods = 0;
  // Two that are made at once get in each other's way, when the first namespace of a machine is mounted.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    hostAddress,
    addPod: ({ searchDomains, isRedirected }) =>
      inTurn(async () => {
        const number = free.shift();
        if (number === undefined) throw new Error("the network of this node has no address left for another pod");
        pods += 1;
        const name = `${prefix}-${pods}`;
        const veth = `v${process.pid}x${networks}-${pods}`;
        const address = `${subnet}.${number}`;
        await shell(ADD_POD, [name, bridge, veth, address, hostAddress, searchDomains.join(" ")]);
        const launcher = ["ip", "netns", "exec", name];
        if (isRedirected) await feed([...launcher, "iptables-nft-restore"], redirection(hostAddress));
        return {
          address,
          launcher,
          remove: () =>
            inTurn(async () => {
              await shell('ip netns del "$1"; rm -rf "/etc/netns/$1"', [name]);
              free.push(number);
            }),
        };
      }),
    stop: () => dismiss(janitor),
  };
}

/** Claims the first subnet that no other network of this machine has, by the name of its bridge, which only one can have. */
async function addBridge(alias: string): Promise<{ readonly bridge: string; readonly subnet: string }> {
  const { stdout } = await run("ip", ["-4", "route", "show", "table", "all"]);
  for (const [index, subnet] of SUBNETS.entries()) {
    if (stdout.includes(` ${subnet}.`) || stdout.includes(`\n${subnet}.`)) continue;
    const bridge = `puggle${index}`;
    try {
      await shell(ADD_BRIDGE, [bridge, alias, subnet]);
      return { bridge, subnet };
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("File exists"))) throw error;
    }
  }
  throw new Error(`all subnets from ${SUBNETS[0]}.0/24 are taken`);
}

async function shell(script: string, arguments_: readonly string[]): Promise<void> {
  await run("sh", ["-ec", script, "sh", ...arguments_]);
}

async function feed([command = "", ...arguments_]: readonly string[], input: string): Promise<void> {
  const ran = run(command, arguments_);
  ran.child.stdin?.end(input);
  await ran;
}

async function dismiss(janitor: ChildProcess): Promise<void> {
  const ended = once(janitor, "exit");
  janitor.stdin?.end();
  if (janitor.exitCode === null && janitor.signalCode === null) await ended;
}
