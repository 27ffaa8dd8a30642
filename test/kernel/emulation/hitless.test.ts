import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { randomSteps } from "./random-rules.ts";
import { RESIDUE, residueOf } from "./residue.ts";
import type { Steps } from "./take-steps.ts";
import { until } from "./until.ts";

const TAKE_STEPS = join(import.meta.dirname, "take-steps.ts");
const NUMBERED_DATAGRAMS = join(import.meta.dirname, "numbered-datagrams.ts");
const NUMBERED_LINES = join(import.meta.dirname, "../host/numbered-lines.ts");
const STEPS = 100;
const PAUSE_MS = 50;
/** Each way; what that kernel holds beside the steps. */
const DATAGRAM_EVERY_MS = 20;
const LINES_EVERY_MS = 200;
/** Longer than any packet is held. */
const ON_THE_WAY_MS = 3_000;

const seed = Number(process.env.PUGGLE_TEST_SEED ?? Date.now() % 2 ** 31);
const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("the engine on a kernel with netem", { timeout: 900_000 }, () => {
  let kernel: Kernel;
  let network: PodNetwork;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    network = await makePodNetwork(kernel);
  });

  afterAll(() => kernel?.stop());

  /** A program that goes on until it is told to end by a file, and then says what it saw. */
  async function startProgram(launcher: readonly string[], end: string, ...program: readonly string[]) {
    const script = 'end=$1; shift; while [ ! -e "$end" ]; do sleep 0.2; done | "$@"';
    const [command = "", ...words] = [...launcher, "sh", "-c", script, "sh", end, process.execPath, ...program];
    const process_ = await kernel.start(command, words);
    await until(() => process_.stdout().includes("ready"));
    return async () => JSON.parse((await process_.ended).stdout.trim().split("\n").at(-1) ?? "");
  }

  test(`takes ${STEPS} random steps and loses no packet and no connection (PUGGLE_TEST_SEED=${seed})`, async () => {
    const [rules = []] = fc.sample(randomSteps(STEPS), { seed, numRuns: 1 });
    const steps: Steps = { namespace: network.podPath, rules, pauseMs: PAUSE_MS, isCleared: true };
    await kernel.writeFile("/tmp/steps.json", JSON.stringify(steps));
    const { inPod, inFar } = network;
    const [far = ""] = network.farIpv4;
    const ends = { sender: "/tmp/end-senders", receiver: "/tmp/end-receivers" };
    const receivers = [
      await startProgram(inFar, ends.receiver, NUMBERED_DATAGRAMS, "receive", far, "6004"),
      await startProgram(inPod, ends.receiver, NUMBERED_DATAGRAMS, "receive", network.podIpv6, "6006"),
    ];
    const senders = [
      await startProgram(inPod, ends.sender, NUMBERED_DATAGRAMS, "send", far, "6004", `${DATAGRAM_EVERY_MS}`),
      await startProgram(inFar, ends.sender, NUMBERED_DATAGRAMS, "send", network.podIpv6, "6006", `${DATAGRAM_EVERY_MS}`),
    ];
    const echo = await startProgram(inFar, ends.receiver, NUMBERED_LINES, "echo", far, "7000");
    const lines = await startProgram(inPod, ends.sender, NUMBERED_LINES, "send", far, "7000", `${LINES_EVERY_MS}`);

    const taken = await kernel.run(process.execPath, [TAKE_STEPS, "/tmp/steps.json"], { timeoutMs: 800_000 });
    await kernel.writeFile(ends.sender, "");
    const sent = await Promise.all(senders.map((told) => told()));
    await sleep(ON_THE_WAY_MS);
    await kernel.writeFile(ends.receiver, "");
    const received = await Promise.all(receivers.map((told) => told()));
    const connection = await lines();
    await echo().catch(() => undefined);

    console.log(`${STEPS} steps:`, { sent, received, connection });
    expect(taken.stdout.match(/"applied",/g)?.length).toBe(STEPS);
    expect(received.map((one) => one.received)).toEqual(sent.map((one) => one.sent));
    for (const one of sent) expect(one.sent).toBeGreaterThan(1_000);
    expect(connection).toMatchObject({ returned: connection.sent, isInOrder: true });
    expect(connection.error).toBeUndefined();
    expect(await residueOf(kernel, network.pod)).toEqual(RESIDUE);
  });
});
