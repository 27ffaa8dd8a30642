import type { Kernel } from "../boot/start.ts";
import { type PingOptions, type PingResult, ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { type Holder, startHolder, type WrittenSpec } from "./holder.ts";

/** One way that packets take: their direction, and their IP version. */
export interface Way {
  readonly direction: "egress" | "ingress";
  readonly family: 4 | 6;
  /** The far address that stands for it. */
  readonly address: string;
  readonly label: string;
}

/**
 * A pod whose network a `puggle net apply` holds, and two of the same kernel whose netem `tc` has put at a root: of the pod's device in one, of the far end
 * in the other. Each way has a far address of its own, so that all are measured in the same moment, under the same load.
 */
export interface BothWays {
  readonly ways: readonly Way[];
  readonly network: PodNetwork;
  /** Those with a root netem, by the direction that it is in. */
  readonly plain: Readonly<Record<Way["direction"], PodNetwork>>;
  readonly holder: Holder;
  /** Has each way obey a rule of its own, with a leaf of its own. */
  readonly emulate: (emulation: object, peer?: object) => Promise<void>;
  /** Gives both other networks a root netem. */
  readonly emulatePlainly: (...parameters: readonly string[]) => Promise<void>;
  /** Pings all ways at once. */
  readonly pingAll: (options: Omit<PingOptions, "to" | "launcher">) => Promise<readonly Measured[]>;
  /** The same, and with it the plain networks. */
  readonly pingAllAndPlain: (
    options: Omit<PingOptions, "to" | "launcher">,
  ) => Promise<readonly (Measured & { readonly plain: PingResult })[]>;
}

export interface Measured {
  readonly way: Way;
  readonly seen: PingResult;
}

export async function openBothWays(kernel: Kernel): Promise<BothWays> {
  const network = await makePodNetwork(kernel, { name: "ours", farAddresses: 2 });
  const plain = {
    egress: await makePodNetwork(kernel, { name: "plain-out" }),
    ingress: await makePodNetwork(kernel, { name: "plain-in" }),
  };
  const ways = (["egress", "ingress"] as const).flatMap((direction, index) =>
    ([4, 6] as const).map((family): Way => {
      const address = (family === 4 ? network.farIpv4 : network.farIpv6)[index] ?? "";
      return { direction, family, address, label: `${direction} IPv${family}` };
    }),
  );
  const holder = await startHolder(kernel, { target: ["--netns", network.podPath], name: "ours" }, specOf(ways, { delay: "1ms" }));
  const pingWay = async (way: Way, options: Omit<PingOptions, "to">) => ping(kernel, { to: way.address, ...options });
  const pingAll: BothWays["pingAll"] = (options) =>
    Promise.all(ways.map(async (way) => ({ way, seen: await pingWay(way, { ...options, launcher: network.inPod }) })));
  return {
    ways,
    network,
    plain,
    holder,
    emulate: (emulation, peer) => holder.apply(specOf(ways, emulation, peer)),
    emulatePlainly: async (...parameters) => {
      const places = [
        [plain.egress.pod, "eth0"],
        [plain.ingress.far, "veth0"],
      ] as const;
      for (const [namespace, device] of places) {
        // Replaced by another of its kind, netem would keep what is not said.
        await kernel.run("tc", ["-n", namespace, "qdisc", "delete", "dev", device, "root"], { mayFail: true });
        await kernel.run("tc", ["-n", namespace, "qdisc", "add", "dev", device, "root", "netem", "limit", "10000", ...parameters]);
      }
    },
    pingAll,
    pingAllAndPlain: async (options) => {
      const [ours, others] = await Promise.all([
        pingAll(options),
        Promise.all(
          ways.map(({ direction, family }) => {
            const { farIpv4, farIpv6, inPod } = plain[direction];
            return ping(kernel, { to: (family === 4 ? farIpv4 : farIpv6)[0] ?? "", ...options, launcher: inPod });
          }),
        ),
      ]);
      return ours.map(({ way, seen }, index) => ({ way, seen, plain: others[index] as PingResult }));
    },
  };
}

function specOf(ways: readonly Way[], emulation: object, peer: object = {}): WrittenSpec {
  const rulesOf = (direction: Way["direction"], key: "to" | "from") =>
    ways.filter((way) => way.direction === direction).map(({ address }) => ({ [key]: [{ cidr: address, ...peer }], ...emulation }));
  return { egress: rulesOf("egress", "to"), ingress: rulesOf("ingress", "from") };
}
