import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { parseUdpReport, type UdpResult } from "../measuring/iperf-report.ts";
import type { HostNetwork } from "./host-network.ts";

export interface DatagramOptions {
  readonly from: "near" | "far";
  readonly family: 4 | 6;
  readonly seconds: number;
  readonly port: number;
  /** Does the near end run in the network's own control group? `true` when left out. */
  readonly isGrouped?: boolean;
}

export interface Datagrams extends UdpResult {
  /** Of those lost: they arrived, and the receiver did not read them in time. That is this machine's doing, not the network's. */
  readonly unread: number;
}

const PACKETS_A_SECOND = 20_000;
const BYTES = 64;
/** As much as a socket may ask for without being told to force it: half a second of small datagrams. */
const SOCKET_BYTES = 4 * 2 ** 20;

/**
 * Sends numbered datagrams, 20,000 a second, until the time is up.
 *
 * @returns once they are being sent; what became of them settles when all are
 */
export async function sendDatagrams(
  network: HostNetwork,
  { from, family, seconds, port, isGrouped = true }: DatagramOptions,
): Promise<{ readonly arrived: Promise<Datagrams> }> {
  const to = network.far.address[family];
  const receiver = from === "near" ? "far" : "near";
  const unreadBefore = await countUnread(network, receiver, family);
  const server = network.start("far", "iperf3", ["--server", "--one-off", "--json", "--bind", to, "--port", `${port}`]);
  const ofServer = outputOf(server);
  await untilListening(network, port);
  const traffic = ["--udp", "--bitrate", `${PACKETS_A_SECOND * BYTES * 8}`, "--length", `${BYTES}`, "--window", `${SOCKET_BYTES}`];
  const direction = from === "near" ? [] : ["--reverse"];
  const words = ["--client", to, "--json", "--port", `${port}`, "--time", `${seconds}`, ...traffic, ...direction];
  const client = network.start("near", "iperf3", words, { isGrouped });
  const ofClient = outputOf(client);
  const arrived = async (): Promise<Datagrams> => {
    const [atServer, atClient] = await Promise.all([ofServer, ofClient]);
    const result = parseUdpReport(from === "near" ? atServer : atClient);
    return { ...result, unread: (await countUnread(network, receiver, family)) - unreadBefore };
  };
  await untilSent(network, receiver, family);
  const settled = arrived();
  // Whoever gives up before it settles has a reason of its own.
  settled.catch(() => undefined);
  return { arrived: settled };
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await once(child, "close");
  return text;
}

async function untilListening(network: HostNetwork, port: number): Promise<void> {
  while (!(await network.read("far", "ss", "-Hltn", `sport = :${port}`)).includes(`${port}`)) await sleep(20);
}

async function untilSent(network: HostNetwork, receiver: "near" | "far", family: 4 | 6): Promise<void> {
  const before = await countReceived(network, receiver, family);
  while ((await countReceived(network, receiver, family)) < before + PACKETS_A_SECOND / 10) await sleep(20);
}

const countReceived = async (...where: Parameters<typeof countersOf>) => (await countersOf(...where)).InDatagrams ?? 0;
const countUnread = async (...where: Parameters<typeof countersOf>) => (await countersOf(...where)).RcvbufErrors ?? 0;

/** What the kernel counts of UDP in a namespace: by IPv4 in two lines, of names and of numbers; by IPv6 in a line each. */
async function countersOf(network: HostNetwork, at: "near" | "far", family: 4 | 6): Promise<Readonly<Record<string, number>>> {
  if (family === 6) {
    const lines = [...(await network.read(at, "cat", "/proc/net/snmp6")).matchAll(/^Udp6(\w+)\s+(\d+)/gm)];
    return Object.fromEntries(lines.map(([, name, value]) => [name, Number(value)]));
  }
  const [names = [], values = []] = (await network.read(at, "cat", "/proc/net/snmp"))
    .split("\n")
    .filter((line) => line.startsWith("Udp:"))
    .map((line) => line.split(" ").slice(1));
  return Object.fromEntries(names.map((name, index) => [name, Number(values[index])]));
}
