import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { makeMarker } from "../../test/istio/sidecars/marker.ts";
import { nextMessage } from "../messages.ts";
import { type Estimate, estimateMedian, median, mulberry32, shuffle } from "../statistics.ts";
import type { LoadOrder } from "./load.ts";
import { labelsOf, meshOf, NAMESPACES, objectsOf } from "./mesh.ts";
import { type MeasuredSidecar, Place } from "./place.ts";

/** Of the one service whose members are counted. */
const MEMBERS = 1_000;
const SLICE_MS = 400;
/** At most so much more CPU time than for a service without members, as shares. */
const BASELINE_BAR = 0.1;
const MEMBER_BAR = 0.25;

/** One kind of request. */
interface Arm {
  readonly name: string;
  readonly what: string;
  readonly service: string;
  readonly virtualCluster: string | undefined;
  /** How much more than bare it may cost. */
  readonly bar: number | undefined;
}

const BARE = "none";
const LAST = `pr-${MEMBERS - 1}`;
const ARMS: readonly Arm[] = [
  { name: BARE, what: "a service without members", service: "plain-0", virtualCluster: undefined, bar: undefined },
  { name: "none-again", what: "the same once more", service: "plain-0", virtualCluster: undefined, bar: undefined },
  { name: "matcher", what: "no header", service: "matched-0", virtualCluster: undefined, bar: BASELINE_BAR },
  { name: "matcher-member", what: `header, to a member`, service: "matched-0", virtualCluster: LAST, bar: MEMBER_BAR },
  { name: "copy", what: "no header", service: "copied-0", virtualCluster: undefined, bar: undefined },
  { name: "copy-member", what: "header, to the member whose route is last", service: "copied-0", virtualCluster: LAST, bar: undefined },
];

export interface SidecarCpuFigures {
  readonly members: number;
  readonly rounds: number;
  readonly arms: readonly {
    readonly name: string;
    readonly what: string;
    readonly cpuMicroseconds: number;
    /** CPU time for a request over that for one to a service without members, as a share. */
    readonly overBare: Estimate;
    readonly bar: number | undefined;
    readonly holds: boolean | undefined;
  }[];
}

/**
 * CPU time of a full sidecar for one request, by whether the service has members and how they are routed: one Envoy, whose routes come from istiod, and which is
 * asked in all ways by turns.
 *
 * @throws where the machine lacks what a cluster and its pods need
 */
export async function measureSidecarCpu(rounds: number, onProgress: (message: string) => void): Promise<SidecarCpuFigures> {
  const closing: (() => Promise<void>)[] = [];
  try {
    const place = await Place.open(closing, onProgress);
    for (const service of new Set(ARMS.map((arm) => arm.service))) {
      await place.addUpstream(`${service}-baseline`, labelsOf(service), "baseline");
      if (service !== "plain-0") await place.addUpstream(`${service}-member`, labelsOf(service, LAST), "member");
    }
    const marker = makeMarker(1);
    const stored = await place.cluster.objects.set([
      ...NAMESPACES,
      ...objectsOf(meshOf("plain", 1, 0), {}),
      ...objectsOf(meshOf("matched", 1, MEMBERS), { routing: "matcher" }),
      ...objectsOf(meshOf("copied", 1, MEMBERS), { routing: "copy" }),
      marker.resource,
    ]);
    const services = stored.filter(({ kind }) => kind === "Service");
    const addresses = new Map(services.map(({ metadata, spec }) => [metadata.name, `${Reflect.get(spec as object, "clusterIP")}`]));
    onProgress("the sidecar is told");
    const sidecar = await place.addSidecar(marker);
    return await measureArms(sidecar, addresses, rounds, onProgress);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function measureArms(
  { pid, inside }: MeasuredSidecar,
  addresses: ReadonlyMap<string, string>,
  rounds: number,
  onProgress: (message: string) => void,
): Promise<SidecarCpuFigures> {
  const [command = "", ...rest] = [...inside.launcher, process.execPath, fileURLToPath(new URL("load.ts", import.meta.url))];
  const load = spawn(command, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    await nextMessage(load);
    const order = ({ service, virtualCluster }: Arm, milliseconds: number): LoadOrder => ({
      host: `${service}.bench.svc.cluster.local`,
      address: addresses.get(service) ?? "",
      virtualCluster,
      milliseconds,
    });
    const slice = async (arm: Arm, milliseconds = SLICE_MS): Promise<number> => {
      const before = await cpuNanoseconds(pid);
      load.send(order(arm, milliseconds));
      const answered = await nextMessage<number>(load);
      return ((await cpuNanoseconds(pid)) - before) / 1_000 / answered;
    };
    for (const arm of ARMS) await slice(arm, 1_500);
    const samples = new Map<string, number[]>(ARMS.map(({ name }) => [name, []]));
    const random = mulberry32(1);
    for (let round = 1; round <= rounds; round++) {
      onProgress(`sidecars: round ${round} of ${rounds}`);
      for (const arm of shuffle(ARMS, random)) samples.get(arm.name)?.push(await slice(arm));
    }
    const bare = samples.get(BARE) ?? [];
    const arms = ARMS.map(({ name, what, bar }) => {
      const own = samples.get(name) ?? [];
      const overBare = estimateMedian(own.map((cost, round) => cost / (bare[round] ?? Number.NaN) - 1));
      return { name, what, cpuMicroseconds: median(own), overBare, bar, holds: bar === undefined ? undefined : overBare.upper <= bar };
    });
    return { members: MEMBERS, rounds, arms };
  } finally {
    load.kill();
  }
}

/** All threads' time on CPUs. */
async function cpuNanoseconds(pid: number): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/schedstat`, "utf8").catch(() => "0")));
  return times.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0);
}
