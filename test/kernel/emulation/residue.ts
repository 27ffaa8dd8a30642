import type { Kernel } from "../boot/start.ts";

/** What is left of ours in a namespace where nothing is emulated: the device's hooks, and the last filter of each. */
export const RESIDUE = ["qdisc clsact", "filter egress 65000 matchall continue", "filter ingress 65000 matchall continue"] as const;

const SHOW = `
tc -n "$1" qdisc show dev eth0
for hook in egress ingress; do tc -n "$1" filter show dev eth0 $hook | sed "s/^/$hook /"; done
ip -n "$1" -o link
ip netns exec "$1" ipset list -n
`;

/** All that is in a pod's namespace beside what it had when it was made. */
export async function residueOf(kernel: Kernel, pod: string): Promise<readonly string[]> {
  const lines = (await kernel.shell(SHOW, [pod])).stdout.split("\n");
  const devices = lines.filter((line) => /^\d+: (?!lo:|eth0@)/.test(line));
  const qdiscs = lines.flatMap((line) => /^qdisc (?!noqueue)(\S+)/.exec(line)?.[0] ?? []);
  const actions = lines.flatMap((line) => /action order 1: \S+ action (\w+)/.exec(line)?.[1] ?? []);
  const filters = lines.flatMap((line) => {
    const [, hook, preference, kind] = /^(\S+) filter protocol \S+ pref (\d+) (\S+) chain \d+ handle/.exec(line) ?? [];
    return hook === undefined ? [] : [`filter ${hook} ${preference} ${kind}`];
  });
  const sets = lines.filter((line) => line.startsWith("puggle"));
  return [...qdiscs, ...filters.map((filter, index) => `${filter} ${actions[index]}`), ...devices, ...sets];
}
