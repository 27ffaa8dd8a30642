import { isIP } from "node:net";

/** Reads the text of an /etc/hosts: the addresses of each name, as they are written. */
export function parseHostsFile(text: string): ReadonlyMap<string, readonly string[]> {
  const addresses = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names.map((written) => written.toLowerCase())) addresses.set(name, [...(addresses.get(name) ?? []), address]);
  }
  return addresses;
}
