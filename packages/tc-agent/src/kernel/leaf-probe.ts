import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { ip, tc } from "../tree/commands.ts";
import { KernelError } from "./kernel-error.ts";
import type { NamespaceShell } from "./namespace-shell.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { watchPackets } from "./watch-packets.ts";

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
/** For documentation (RFC 5737): no packet goes there. */
const NOWHERE = "192.0.2.1";
/** By which devices of a probe that was killed are known. */
const ALIAS = "puggle:probe";

/**
 * Sends packets of our own through a leaf, and looks when they come out. They never leave the namespace: they are sent to a device that drops everything. On
 * the way a copy of each goes to another such device, where it is seen at once, and the packet itself by the leaf, where it is seen when it comes out.
 *
 * @throws KernelError `missing-tool`, `refused`
 */
export async function probeLeaf(shell: NamespaceShell, { path }: NetworkNamespace, probe: LeafProbe): Promise<LeafObservation> {
  await removeStale(shell);
  // Tools remember which device had a name: no name is used twice.
  const [from, seen] = ["f", "s"].map((kind) => `pgp${kind}${randomBytes(4).toString("hex")}`) as [string, string];
  const refused = await shell.run([
    ...[seen, from].flatMap((name) => [
      ip("link", "add", name, "type", "dummy"),
      ip("link", "set", name, "alias", ALIAS),
      ip("link", "set", name, "addrgenmode", "none"),
      ip("link", "set", name, "up"),
    ]),
    tc("qdisc", "add", "dev", from, "clsact"),
    tc(
      ...["filter", "add", "dev", from, "egress", "matchall"],
      ...["action", "mirred", "egress", "mirror", "dev", seen],
      ...["action", "mirred", "egress", "redirect", "dev", probe.leaf],
    ),
  ]);
  try {
    if (refused.length > 0) throw new KernelError("refused", `a leaf can not be probed: ${refused.join("; ")}`);
    const [entrance, exit] = await Promise.all([seen, from].map((device) => watchPackets(path, device)));
    const { packets, intervalMs, waitMs } = probe;
    // Nobody answers, and so it fails.
    const command = ["-n", "-q", "-4", "-I", from, "-c", `${packets}`, "-i", `${intervalMs / 1_000}`, "-W", "1", NOWHERE];
    await run("nsenter", [`--net=${path}`, "ping", ...command]).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return compare((await entrance?.stop()) ?? "", (await exit?.stop()) ?? "");
  } finally {
    await shell.run([from, seen].map((name) => ip("link", "del", name)));
  }
}

const named = z.looseObject({ ifname: z.string(), ifalias: z.string().optional() });

async function removeStale(shell: NamespaceShell): Promise<void> {
  const links = (await shell.show(ip("link", "show"))).flatMap((one) => named.safeParse(one).data ?? []);
  await shell.run(links.filter(({ ifalias }) => ifalias === ALIAS).map(({ ifname }) => ip("link", "del", ifname)));
}

/** Pairs what went in with what came out, by number: of a packet that came out twice, the first. */
export function compare(entered: string, left: string): LeafObservation {
  const before = timesOf(entered);
  const after = timesOf(left);
  const delaysMs = [...before].flatMap(([sequence, time]) => {
    const out = after.get(sequence);
    return out === undefined ? [] : [out - time];
  });
  return { sent: before.size, delaysMs };
}

/** In milliseconds. Reads lines such as `1795405093.124873 IP 10.9.0.2 > 192.0.2.1: ICMP echo request, id 7, seq 1, length 64`. */
function timesOf(seen: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const [, time = "", sequence = ""] of seen.matchAll(/^(\d+\.\d+) IP .*, seq (\d+),/gm)) {
    if (!times.has(sequence)) times.set(sequence, Number(time) * 1_000);
  }
  return times;
}
