import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { ip, tc } from "../tree/commands.ts";
import { KernelError } from "./kernel-error.ts";
import type { NamespaceShell } from "./namespace-shell.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

/** What became of packets that were sent through a leaf. */
export interface LeafObservation {
  readonly sent: number;
  /** How long each of them that came through was held, in milliseconds. */
  readonly delaysMs: readonly number[];
}

export interface LeafProbe {
  readonly leaf: string;
  readonly packets: number;
  readonly intervalMs: number;
  /** How long the last one is waited for, in milliseconds. */
  readonly waitMs: number;
}

const run = promisify(execFile);
const DEVICE = "pgprobe";
/** For documentation (RFC 5737): no packet goes there, the device drops them all. */
const NOWHERE = "192.0.2.1";

/**
 * Sends packets of our own through a leaf, and looks when they come out. They never leave the namespace: a device that drops everything sends them, a copy of
 * each goes by the leaf and comes back to that device, and a packet is seen there twice.
 *
 * @throws KernelError `missing-tool`, `refused`
 */
export async function probeLeaf(shell: NamespaceShell, { path }: NetworkNamespace, probe: LeafProbe): Promise<LeafObservation> {
  const refused = await shell.run([
    ip("link", "add", DEVICE, "type", "dummy"),
    ip("link", "set", DEVICE, "addrgenmode", "none"),
    ip("link", "set", DEVICE, "up"),
    tc("qdisc", "add", "dev", DEVICE, "clsact"),
    tc("filter", "add", "dev", DEVICE, "egress", "matchall", "action", "mirred", "egress", "mirror", "dev", probe.leaf),
  ]);
  try {
    if (refused.length > 0) throw new KernelError("refused", `a leaf can not be probed: ${refused.join("; ")}`);
    const watcher = await watch(path);
    const { packets, intervalMs, waitMs } = probe;
    // Nobody answers, and so it fails.
    const command = ["-n", "-q", "-4", "-I", DEVICE, "-c", `${packets}`, "-i", `${intervalMs / 1_000}`, "-W", "0.01", NOWHERE];
    await run("nsenter", [`--net=${path}`, "ping", ...command]).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return observe(await watcher.stop());
  } finally {
    await shell.run([ip("link", "del", DEVICE)]);
  }
}

interface Watcher {
  readonly stop: () => Promise<string>;
}

async function watch(path: string): Promise<Watcher> {
  const filter = ["icmp[icmptype]", "==", "icmp-echo"];
  const options = ["-n", "-tt", "-l", "--immediate-mode", "-i", DEVICE, ...filter];
  const tcpdump = spawn("nsenter", [`--net=${path}`, "tcpdump", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  let seen = "";
  let said = "";
  tcpdump.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen += text;
  });
  const closed = new Promise<void>((resolve) => tcpdump.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const missing = () => reject(new KernelError("missing-tool", `tcpdump can not watch; install the package tcpdump (${said.trim()})`));
    tcpdump.once("error", missing);
    tcpdump.once("close", missing);
    tcpdump.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("listening on")) resolve();
    });
  });
  const stop = async () => {
    tcpdump.kill("SIGINT");
    await closed;
    return seen;
  };
  return { stop };
}

/** Reads lines such as `1795405093.124873 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 1, length 64`. */
export function observe(seen: string): LeafObservation {
  const times = new Map<string, number[]>();
  for (const [, time = "", sequence = ""] of seen.matchAll(/^(\d+\.\d+) IP .*, seq (\d+),/gm)) {
    times.set(sequence, [...(times.get(sequence) ?? []), Number(time) * 1_000]);
  }
  const delaysMs = [...times.values()].flatMap(([first = 0, second]) => (second === undefined ? [] : [second - first]));
  return { sent: times.size, delaysMs };
}
