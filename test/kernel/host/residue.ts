import type { HostNetwork } from "./host-network.ts";

/** What there is at the near end: names of devices, kinds of queueing disciplines, and preferences of the filters of both hooks; each once, sorted. */
export interface Residue {
  readonly devices: readonly string[];
  readonly qdiscs: readonly string[];
  readonly filters: readonly number[];
}

export async function residueOf(network: HostNetwork): Promise<Residue> {
  const show = async (...command: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const [program = "", ...arguments_] = command;
    return JSON.parse((await network.read("near", program, "-json", ...arguments_)) || "[]");
  };
  const links = await show("ip", "link", "show");
  const qdiscs = await show("tc", "qdisc", "show");
  const egress = await show("tc", "filter", "show", "dev", "eth0", "egress");
  const ingress = await show("tc", "filter", "show", "dev", "eth0", "ingress");
  return {
    devices: sortedOnce(links.map(({ ifname }) => `${ifname}`)),
    qdiscs: sortedOnce(qdiscs.map(({ kind }) => `${kind}`)),
    filters: sortedOnce([...egress, ...ingress].map(({ pref }) => Number(pref))),
  };
}

function sortedOnce<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)].toSorted();
}
