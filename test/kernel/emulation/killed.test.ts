import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { randomSteps } from "./random-rules.ts";
import { RESIDUE, residueOf } from "./residue.ts";
import type { Steps } from "./take-steps.ts";
import { until } from "./until.ts";

const TAKE_STEPS = join(import.meta.dirname, "take-steps.ts");
const PODS = 5;
const KILLS_A_POD = 10;
const STEPS = 200;
/** The engine's own. */
const LEASE_MS = 10_000;
/** Since its first rules are in force. */
const LATEST_KILL_MS = 6_000;
/** Since it began to attach, for those that are killed meanwhile. */
const LATEST_ATTACH_KILL_MS = 500;

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);
const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("an engine that is killed", { timeout: 900_000 }, () => {
  let kernel: Kernel;
  let pods: readonly PodNetwork[];

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    const made: PodNetwork[] = [];
    for (let number = 0; number < PODS; number += 1) made.push(await makePodNetwork(kernel, { name: `pod${number}` }));
    pods = made;
    await Promise.all(pods.map(startResting));
  });

  afterAll(() => kernel?.stop());

  /** A process of the pod in a control group of its own, which is frozen while the hooks are made. */
  async function startResting({ pod, inPod }: PodNetwork): Promise<void> {
    const [command = "", ...launcher] = inPod;
    const resting = await kernel.start(command, [...launcher, "sleep", "1000"]);
    await kernel.shell('mkdir "/sys/fs/cgroup/$1" && echo "$2" >"/sys/fs/cgroup/$1/cgroup.procs"', [pod, `${resting.pid}`]);
  }

  async function isFrozen({ pod }: PodNetwork): Promise<boolean> {
    return (await kernel.readFile(`/sys/fs/cgroup/${pod}/cgroup.freeze`)).trim() === "1";
  }

  async function writeSteps({ pod, podPath }: PodNetwork, steps: Pick<Steps, "rules" | "isCleared">): Promise<string> {
    const file = `/tmp/${pod}.json`;
    await kernel.writeFile(file, JSON.stringify({ namespace: podPath, pauseMs: 100, ...steps } satisfies Steps));
    return file;
  }

  /** Packets that went through leaves, or were lost there. */
  async function touched({ pod }: PodNetwork): Promise<number> {
    const { stdout } = await kernel.run("tc", ["-n", pod, "-s", "-j", "qdisc", "show"]);
    const qdiscs: readonly { readonly dev?: string; readonly packets: number; readonly drops: number }[] = JSON.parse(stdout);
    const own = qdiscs.filter(({ dev = "" }) => dev.startsWith("pgl"));
    return own.reduce((sum, { packets, drops }) => sum + packets + drops, 0);
  }

  async function expectUntouched(pod: PodNetwork): Promise<void> {
    const before = await touched(pod);
    for (const to of [pod.farIpv4[0] ?? "", pod.farIpv6[0] ?? ""]) {
      const { lost } = await ping(kernel, { to, launcher: pod.inPod, count: 3, intervalMs: 20 });
      expect({ pod: pod.pod, to, lost }).toEqual({ pod: pod.pod, to, lost: 0 });
    }
    expect((await touched(pod)) - before).toBe(0);
  }

  /** What became of an engine that was killed. */
  interface Killed {
    /** Were its first rules in force? */
    readonly hadApplied: boolean;
    readonly wasFrozen: boolean;
    readonly isSomethingLeft: boolean;
  }

  /**
   * Starts an engine on what the one before left, and kills it, and its tools with it, some time after its first rules are in force; or after it began to make
   * the hooks, which then are taken away before.
   */
  async function killOne(pod: PodNetwork, rules: Steps["rules"], { afterMs, isAttaching }: Kill): Promise<Killed> {
    if (isAttaching) await kernel.run("tc", ["-n", pod.pod, "qdisc", "del", "dev", "eth0", "clsact"], { mayFail: true });
    const engine = await kernel.start(process.execPath, [TAKE_STEPS, await writeSteps(pod, { rules, isCleared: false })]);
    await until(() => engine.stdout().includes(isAttaching ? "ready" : "applied"));
    await sleep(afterMs);
    engine.kill("SIGKILL", { isForGroup: true });
    const { stderr, stdout } = await engine.ended;
    expect(stderr).toBe("");
    const wasFrozen = await isFrozen(pod);
    const isSomethingLeft = (await residueOf(kernel, pod.pod)).length > RESIDUE.length;
    await sleep(LEASE_MS);
    await expectUntouched(pod);
    expect(await isFrozen(pod)).toBe(false);
    return { hadApplied: stdout.includes("applied"), wasFrozen, isSomethingLeft };
  }

  test(`leaves no packet touched when its lease has run out, and nothing to the next: ${PODS * KILLS_A_POD} kills (PUGGLE_TEST_SEED=${seed})`, async () => {
    const shares = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { seed, numRuns: PODS * KILLS_A_POD });
    const all = fc.sample(randomSteps(STEPS), { seed, numRuns: PODS * KILLS_A_POD });
    const killed: Killed[] = [];
    const killAll = async (pod: PodNetwork, index: number) => {
      for (let number = index; number < PODS * KILLS_A_POD; number += PODS) {
        // Of each pod every other one, the first among them.
        const isAttaching = Math.floor(number / PODS) % 2 === 0;
        const afterMs = (shares[number] ?? 0) * (isAttaching ? LATEST_ATTACH_KILL_MS : LATEST_KILL_MS);
        killed.push(await killOne(pod, all[number] ?? [], { afterMs, isAttaching }));
      }
      // What shall be there is, whatever the one before was about to do; and then nothing.
      const file = await writeSteps(pod, { rules: [all[index]?.find(({ rules }) => rules.length > 1) ?? NO_RULES], isCleared: true });
      const { stdout } = await kernel.run(process.execPath, [TAKE_STEPS, file]);
      expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ applied: "True" });
      expect(await residueOf(kernel, pod.pod)).toEqual(RESIDUE);
    };
    await Promise.all(pods.map(killAll));
    const count = (is: (one: Killed) => boolean) => killed.filter(is).length;
    const [leaving, attaching] = [count((one) => one.isSomethingLeft), count((one) => !one.hadApplied)];
    console.log(
      `${killed.length} kills: ${leaving} with something in the kernel, ${attaching} before the first rules were in force, ${count((one) => one.wasFrozen)} while the pod stood still`,
    );
    expect(killed).toHaveLength(PODS * KILLS_A_POD);
    expect(leaving).toBeGreaterThan((PODS * KILLS_A_POD) / 2);
    expect(attaching).toBeGreaterThan(0);
  });
});

interface Kill {
  readonly afterMs: number;
  readonly isAttaching: boolean;
}

const NO_RULES = { rules: [], pass: [] };
