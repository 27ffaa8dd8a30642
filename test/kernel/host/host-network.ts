import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { holdName } from "./hold-namespaces.ts";

const run = promisify(execFile);

/** One end of the network. */
interface Side {
  /** The name of its network namespace. */
  readonly name: string;
  readonly path: string;
  readonly address: { readonly 4: string; readonly 6: string };
}

interface StartOptions {
  /** Does it run in the network's own control group, as in a container? At the near end it does, when left out. */
  readonly isGrouped?: boolean;
}

/** Two network namespaces of this machine, whose `eth0` lead to each other. */
export interface HostNetwork {
  /** Where networks are emulated. */
  readonly near: Side;
  readonly far: Side;
  readonly start: (at: "near" | "far", command: string, arguments_: readonly string[], options?: StartOptions) => ChildProcess;
  /** What a command prints there. */
  readonly read: (at: "near" | "far", command: string, ...arguments_: readonly string[]) => Promise<string>;
  /** Does something while nothing in the control group runs. */
  readonly whileFrozen: (act: () => Promise<unknown>) => Promise<void>;
  /** Ends what still runs at either end, and removes both. */
  readonly remove: () => Promise<void>;
}

const ADDRESSES = { near: { 4: "10.9.0.2", 6: "fd00:9::2" }, far: { 4: "10.9.0.1", 6: "fd00:9::1" } } as const;

const MAKE = `
set -e
near=$1-near far=$1-far group=$2
ip netns add "$near"
ip netns add "$far"
ip link add eth0 netns "$near" type veth peer name eth0 netns "$far"
set_up() {
  ip -n "$1" addr add "$2/24" dev eth0
  ip -n "$1" addr add "$3/64" dev eth0 nodad
  ip -n "$1" link set lo up
  ip -n "$1" link set eth0 up
}
set_up "$near" ${ADDRESSES.near[4]} ${ADDRESSES.near[6]}
set_up "$far" ${ADDRESSES.far[4]} ${ADDRESSES.far[6]}
if [ -n "$group" ]; then mkdir "$group"; fi
`;

const START = 'if [ -n "$0" ]; then echo $$ >"$0/cgroup.procs"; fi; exec "$@"';

/** Makes a network that goes when this process ends, however it ends. */
export async function makeHostNetwork(): Promise<HostNetwork> {
  const { name, group = "", remove } = await holdName();
  const launcher = (at: "near" | "far") => ["ip", "netns", "exec", `${name}-${at}`];
  const side = (at: "near" | "far"): Side => ({ name: `${name}-${at}`, path: `/run/netns/${name}-${at}`, address: ADDRESSES[at] });
  try {
    await run("sh", ["-c", MAKE, "sh", name, group]);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    near: side("near"),
    far: side("far"),
    start: (at, command, arguments_, { isGrouped = at === "near" } = {}) => {
      const words = ["-c", START, isGrouped ? group : "", ...launcher(at), command, ...arguments_];
      return spawn("sh", words, { stdio: ["pipe", "pipe", "inherit"] });
    },
    read: async (at, ...command) => {
      const [program = "", ...arguments_] = [...launcher(at), ...command];
      return (await run(program, arguments_, { maxBuffer: 2 ** 26 })).stdout;
    },
    whileFrozen: async (act) => {
      const file = `${group}/cgroup.freeze`;
      const freeze = (state: "0" | "1") => existsSync(file) && writeFileSync(file, state);
      freeze("1");
      try {
        await act();
      } finally {
        freeze("0");
      }
    },
    remove,
  };
}
