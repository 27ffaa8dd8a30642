import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Command, ip, tc } from "../tree/commands.ts";
import { leaseSets } from "../tree/ownership.ts";
import { KernelError } from "./kernel-error.ts";
import { Lease } from "./lease.ts";
import { NamespaceShell } from "./namespace-shell.ts";
import { parseFilters } from "./parse-filters.ts";
import { parseQdiscs, readQdisc } from "./parse-qdiscs.ts";
import { ScratchNamespace } from "./scratch-namespace.ts";

/** What a kernel, with its tools, was seen to do. */
export interface Features {
  /** Delays packets. */
  readonly netem: boolean;
  /** Slows packets to a rate. */
  readonly tbf: boolean;
  /** Sends packets to another device, which sends them on. */
  readonly redirect: boolean;
  /** Tells packets apart by `flower`. */
  readonly flower: boolean;
  /** The same by `u32`. */
  readonly u32: boolean;
  /** Passes, drops and goes on, and goes to other chains. */
  readonly actions: boolean;
  /** Matches every packet, and no packet of no mark, by `matchall` and `fw`. */
  readonly marks: boolean;
  /** Gives packets their connection's mark. */
  readonly connmark: boolean;
  /** Forgets a set's entries in time, and lets filters ask for them. */
  readonly lease: boolean;
  /** Takes netem's seed, and says it. */
  readonly seed: boolean;
}

export type Feature = keyof Features;

const run = promisify(execFile);
const DEVICE = "lo";
const LEAF = "pgl0";

/**
 * Asks this machine's kernel what it does, in a network namespace of nobody's: a filter is believed when it matched what it should and nothing else, as some
 * kernels take filters and heed a part of them.
 */
export async function probeFeatures(): Promise<Features> {
  const scratch = await ScratchNamespace.open();
  const { path } = scratch.namespace;
  const shell = new NamespaceShell({ path });
  const ping = async () => {
    await run("nsenter", [`--net=${path}`, "ping", "-n", "-q", "-c", "1", "-W", "1", "127.0.0.1"]).catch(refuseWithoutPing);
  };
  const accepts = async (...commands: readonly Command[]) => (await shell.run(commands)).length === 0;
  /** Puts a filter before another one that counts what the first lets by, and gives how many packets each of them took. */
  const countsOf = async (...filter: readonly string[]) => {
    const place = ["dev", DEVICE, "egress", "protocol", "ip", "pref", "1"];
    if (!(await accepts(tc("filter", "add", ...place, ...filter)))) return undefined;
    await ping();
    const found = parseFilters("egress", await shell.show(tc("filter", "show", "dev", DEVICE, "egress")));
    await shell.run([tc("filter", "del", ...place)]);
    return found[0]?.packets ?? 0;
  };
  try {
    await shell.run([ip("link", "set", DEVICE, "up"), tc("qdisc", "add", "dev", DEVICE, "clsact")]);
    const hasLeaf = await accepts(ip("link", "add", LEAF, "type", "ifb"), ip("link", "set", LEAF, "up"));
    const redirectTo = ["action", "mirred", "egress", "redirect", "dev", LEAF];
    const matches = async (yes: readonly string[], no: readonly string[]) =>
      ((await countsOf(...yes)) ?? 0) > 0 && (await countsOf(...no)) === 0;
    const qdisc = async (...words: readonly string[]) => {
      if (!(await accepts(tc("qdisc", "add", "dev", LEAF, "root", ...words)))) return undefined;
      const [shown] = parseQdiscs(await shell.show(tc("qdisc", "show", "dev", LEAF)));
      await shell.run([tc("qdisc", "del", "dev", LEAF, "root")]);
      return shown === undefined ? undefined : readQdisc(shown)?.parameters;
    };
    const u32 = (address: string) => ["u32", "match", "ip", "dst", address, ...redirectTo];
    const flower = (address: string) => ["flower", "dst_ip", address, "ip_proto", "icmp", ...redirectTo];
    const isRedirected = hasLeaf && (await matches(u32("127.0.0.1"), u32("127.0.0.2")));
    const isFlower = hasLeaf && (await matches(flower("127.0.0.1"), flower("127.0.0.2")));
    return {
      netem: hasLeaf && (await qdisc("netem", "delay", "1ms"))?.delay === 0.001,
      tbf: hasLeaf && (await qdisc("tbf", "rate", "8mbit", "burst", "2000b", "limit", "9000b"))?.rate === 1e6,
      seed: hasLeaf && (await qdisc("netem", "delay", "1ms", "seed", "7"))?.seed === 7,
      u32: isRedirected,
      flower: isFlower,
      redirect: isRedirected || isFlower,
      actions:
        isFlower &&
        (await matches(
          ["flower", "dst_ip", "127.0.0.1", "action", "goto", "chain", "7"],
          ["flower", "dst_ip", "127.0.0.2", "action", "drop"],
        )),
      marks: await matches(["matchall", "action", "continue"], ["handle", "0x10/0x10", "fw", "action", "continue"]),
      connmark: ((await countsOf("matchall", "action", "connmark", "continue")) ?? 0) > 0,
      lease: await probeLease(path, countsOf),
    };
  } finally {
    await shell.close();
    await scratch.close();
  }
}

async function probeLease(path: string, countsOf: (...filter: readonly string[]) => Promise<number | undefined>): Promise<boolean> {
  const lease = new Lease({ path }, DEVICE);
  const over = ["basic", "match", `not ipset(${leaseSets(DEVICE)[4]} src)`, "action", "continue"];
  try {
    await lease.renew(60);
    const whileItRuns = await countsOf(...over);
    if (whileItRuns !== 0) return false;
    await lease.renew(1);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return ((await countsOf(...over)) ?? 0) > 0;
  } catch {
    return false;
  } finally {
    await lease.drop();
  }
}

/** That nobody answers is no failure of `ping`. */
function refuseWithoutPing({ stderr = "" }: { readonly stderr?: string }): void {
  if (/failed to execute ping/.test(stderr))
    throw new KernelError("missing-tool", "ping can not be started; install the package iputils-ping");
}

/** What to install where a feature is missing. */
const REMEDIES: Readonly<Record<Feature, string>> = {
  netem: "the kernel has no netem: load the module sch_netem (on RHEL and Fedora it is in the package kernel-modules-extra)",
  tbf: "the kernel has no token bucket: load the module sch_tbf",
  redirect: "the kernel redirects no packets: load the modules ifb and act_mirred",
  flower: "the kernel tells no packets apart by flower: load the module cls_flower",
  u32: "the kernel tells no packets apart by u32: load the module cls_u32",
  actions: "the kernel has no actions that pass, drop or go to another chain: load the module act_gact",
  marks: "the kernel has no filter for marks: load the modules cls_fw and cls_matchall",
  connmark: "the kernel gives packets no mark of their connection: load the module act_connmark",
  lease: "the kernel can not hold a lease: install the package ipset, and load the modules ip_set_hash_net, cls_basic and em_ipset",
  seed: "netem takes no seed here: it needs Linux 6.6 and iproute2 6.6 or later",
};

/** What the kernel, or its tools, lack, and what to do about it. */
export function remedyFor(feature: Feature): string {
  return REMEDIES[feature];
}
