import { type LookUp, type LookUpOptions, lookUpHosts, lookUpInside, namespaceOfProcess } from "@puggle/tc-agent";
import type { LookUpHosts } from "./host-addresses.ts";
import { readIfThere } from "./read-if-there.ts";

/** Such a name server answers in the network of who asks it, and in no other: Docker's, or a cache on this machine. */
const LOOPBACK = /^nameserver\s+(127\.|::1)/m;
const NOTHING: LookUp = { addresses: new Map(), errors: [] };

/**
 * Looks hosts up as a process does, by its files, and from within its network where its name server is there; where that does not answer, by this machine's.
 *
 * @param process - as this machine does where it is `undefined`
 */
export function lookUpAs(process: () => number | undefined): LookUpHosts {
  return async (hosts) => {
    const pid = process();
    const files = filesBelow(pid === undefined ? "" : `/proc/${pid}/root`);
    if (pid === undefined || !LOOPBACK.test(files.resolvConf)) return lookUpHosts(hosts, files);
    const inside = await lookUpInside(namespaceOfProcess(pid), hosts, files).catch(() => NOTHING);
    const unknown = inside.errors.filter(({ code }) => code === "unknown-host");
    const told = new Set([...inside.addresses.keys(), ...unknown.map(({ host }) => host)]);
    const failed = hosts.filter((host) => !told.has(host));
    const outside = failed.length === 0 ? NOTHING : await lookUpHosts(failed, { ...files, resolvConf: filesBelow("").resolvConf });
    return { addresses: new Map([...inside.addresses, ...outside.addresses]), errors: [...unknown, ...outside.errors] };
  };
}

function filesBelow(root: string): Required<Pick<LookUpOptions, "resolvConf" | "hosts">> {
  return { resolvConf: readIfThere(`${root}/etc/resolv.conf`) ?? "", hosts: readIfThere(`${root}/etc/hosts`) ?? "" };
}
