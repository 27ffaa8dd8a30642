import { readFileSync } from "node:fs";
import { type LookUp, type LookUpOptions, lookUpHosts, lookUpInside, namespaceOfProcess } from "@puggle/tc-agent";
import type { LookUpHosts } from "./host-addresses.ts";

/** Such a name server answers in the network of who asks it, and in no other: Docker's, or a cache on this machine. */
const LOOPBACK = /^nameserver\s+(127\.|::1)/m;

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
    const inside = await lookUpInside(namespaceOfProcess(pid), hosts, files).catch(() => undefined);
    if (inside === undefined) return lookUpHosts(hosts, { ...files, resolvConf: filesBelow("").resolvConf });
    const failed = inside.errors.filter(({ code }) => code === "name-servers-failed").map(({ host }) => host);
    if (failed.length === 0) return inside;
    const outside = await lookUpHosts(failed, { ...files, resolvConf: filesBelow("").resolvConf });
    return merge(inside, outside);
  };
}

/** What the second knows of those that the first failed to ask for. */
function merge(first: LookUp, second: LookUp): LookUp {
  return {
    addresses: new Map([...first.addresses, ...second.addresses]),
    errors: [...first.errors.filter(({ code }) => code !== "name-servers-failed"), ...second.errors],
  };
}

function filesBelow(root: string): Required<Pick<LookUpOptions, "resolvConf" | "hosts">> {
  return { resolvConf: readIfThere(`${root}/etc/resolv.conf`), hosts: readIfThere(`${root}/etc/hosts`) };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
