import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type NetworkNamespace, namespaceAt } from "@puggle/tc-agent";
import { holdName } from "./hold-namespaces.ts";

/** Network namespaces that each have an `eth0` which leads nowhere. */
export interface ManyNamespaces {
  readonly namespaces: readonly NetworkNamespace[];
  readonly remove: () => Promise<void>;
}

const MAKE = `
set -e
for number in $(seq "$2"); do
  ip netns add "$1-$number"
  ip -n "$1-$number" link add eth0 type veth peer name far0
  ip -n "$1-$number" link set far0 up
  ip -n "$1-$number" link set eth0 up
done
`;

/** Makes namespaces that go when this process ends, however it ends. */
export async function makeManyNamespaces(count: number): Promise<ManyNamespaces> {
  const { name, remove } = await holdName();
  try {
    await promisify(execFile)("sh", ["-c", MAKE, "sh", name, `${count}`]);
    const namespaces = Array.from({ length: count }, (_, index) => namespaceAt(`/run/netns/${name}-${index + 1}`));
    return { namespaces, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
