import { DEFAULT_QUEUE_US, type Degradation } from "../spec/emulation.ts";
import type { Command } from "./commands.ts";
import { tc } from "./commands.ts";
import type { Qdisc } from "./tree.ts";

/** A token bucket never passes what is larger than its burst, and splits larger segments; so it holds one frame at least. */
const FRAME_OVERHEAD = 18;
/** So late timers may be. What of a rate is missed while they are is made up for after, if there is room for it beside a frame: else a link is slower than asked. */
const LATE_US = 5_000;
/** Of what tc holds as times and prints as bytes. */
const ROUNDING_US = 1;
/** tc holds what waits in 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;
/** Delayed packets are counted, not measured, and a queue that is too short drops them: room for a million a second and half as many again. */
const DELAYED_PACKETS_A_MICROSECOND = 1.5;
const FEWEST_DELAYED_PACKETS = 1_000;
const MOST_DELAYED_PACKETS = 4_000_000;
/** Faster than any link: with a rate of its own netem keeps packets in order when their delays differ, and this one slows nothing. */
const ORDERING_RATE = 12_500_000_000;

const HANDLES = ["1:", "10:"] as const;
const PARENTS = ["root", "1:1"] as const;

/**
 * The queueing disciplines of a degradation, outermost first: netem for what happens to packets, a token bucket for the rate and its queue. The bucket is
 * netem's child, so that bytes are counted, which netem's own limit does not.
 *
 * @param mtu - of the device that packets come from, in bytes
 */
export function qdiscsOf(degradation: Degradation, mtu: number): readonly Qdisc[] {
  const { rate, queueUs } = degradation;
  const isNetemNeeded = hasMoreThanRate(degradation);
  const netem = isNetemNeeded ? [{ kind: "netem", parameters: netemParameters(degradation) } as const] : [];
  if (rate === undefined) return netem;
  return [...netem, { kind: "tbf", parameters: bucketParameters(rate, queueUs ?? DEFAULT_QUEUE_US, mtu) }];
}

function hasMoreThanRate({ delayUs, loss, duplicate, corrupt, reorder }: Degradation): boolean {
  return delayUs > 0 || [loss, duplicate, corrupt, reorder].some((part) => part !== undefined);
}

function bucketParameters(rate: number, queueUs: number, mtu: number): Qdisc["parameters"] {
  const bytesPerSecond = rate / 8;
  const frame = mtu + FRAME_OVERHEAD;
  const bytesIn = (microseconds: number) => Math.ceil((bytesPerSecond * microseconds) / 1e6);
  const burst = frame + bytesIn(Math.min(LATE_US, queueUs));
  // tc knows no queue that is shorter than the burst.
  const queue = Math.max(bytesIn(queueUs), burst + bytesIn(ROUNDING_US) + 1);
  return { rate: bytesPerSecond, burst, limit: Math.min(queue, MOST_BYTES) };
}

function netemParameters(degradation: Degradation): Qdisc["parameters"] {
  const { delayUs, jitterUs, delayCorrelation, loss, duplicate, corrupt, reorder, rate, seed } = degradation;
  const packets = Math.ceil((delayUs + jitterUs) * DELAYED_PACKETS_A_MICROSECOND);
  return {
    limit: Math.min(Math.max(packets, FEWEST_DELAYED_PACKETS), MOST_DELAYED_PACKETS),
    ...(delayUs === 0 ? {} : { delay: delayUs / 1e6, jitter: jitterUs / 1e6, "delay-correlation": delayCorrelation }),
    ...(loss === undefined ? {} : lossParameters(loss)),
    ...(duplicate === undefined ? {} : { duplicate: duplicate.probability, "duplicate-correlation": duplicate.correlation }),
    ...(corrupt === undefined ? {} : { corrupt: corrupt.probability, "corrupt-correlation": corrupt.correlation }),
    ...(reorder === undefined ? {} : { reorder: reorder.probability, "reorder-correlation": reorder.correlation, gap: reorder.gap ?? 1 }),
    // Without a rate of netem's own, jitter lets packets overtake each other.
    ...(rate !== undefined && jitterUs > 0 && reorder === undefined ? { rate: ORDERING_RATE } : {}),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}

function lossParameters(loss: NonNullable<Degradation["loss"]>): Qdisc["parameters"] {
  switch (loss.kind) {
    case "random":
      return { "loss-random": loss.probability, "loss-correlation": loss.correlation };
    case "gemodel":
      return { "gemodel-p": loss.p, "gemodel-r": loss.r, "gemodel-1-h": loss.lostWhenBad, "gemodel-1-k": loss.lostWhenGood };
    case "state":
      return {
        "state-p13": loss.p13,
        "state-p31": loss.p31,
        "state-p32": loss.p32,
        "state-p23": loss.p23,
        "state-p14": loss.p14,
      };
  }
}

/** Makes (`add`) or alters (`change`) the queueing disciplines of a leaf. */
export function qdiscCommands(verb: "add" | "change", device: string, qdiscs: readonly Qdisc[], degradation: Degradation): Command[] {
  return qdiscs.map(({ kind, parameters }, depth) => {
    const parent = PARENTS[depth] ?? "root";
    const words = kind === "tbf" ? bucketWords(parameters) : netemWords(parameters, degradation);
    const place = parent === "root" ? ["root"] : ["parent", parent];
    return tc("qdisc", verb, "dev", device, ...place, "handle", HANDLES[depth] ?? "1:", kind, ...words);
  });
}

function bucketWords({ rate = 0, burst = 0, limit = 0 }: Qdisc["parameters"]): readonly (string | number)[] {
  return ["rate", `${Math.round(rate * 8)}bit`, "burst", `${burst}b`, "limit", `${limit}b`];
}

function netemWords(parameters: Qdisc["parameters"], { distribution, loss, delayUs, jitterUs, seed }: Degradation): readonly string[] {
  const of = (name: string) => parameters[name] ?? 0;
  const has = (name: string) => name in parameters;
  // netem holds 32 bits of a fraction: the least is 0.0000000233 %, and no tc is known to take an exponent.
  const percent = (name: string) => `${(of(name) * 100).toFixed(10).replace(/\.?0+$/, "")}%`;
  const words = ["limit", `${of("limit")}`];
  // tc 6.1 sends no correlation of duplicates where none of delays or losses is said; and a change keeps those that are not.
  words.push("delay", `${delayUs}us`, `${jitterUs}us`, percent("delay-correlation"));
  if (jitterUs > 0 && distribution !== undefined && distribution !== "uniform") words.push("distribution", distribution);
  if (loss?.kind === "random") words.push("loss", "random", percent("loss-random"), percent("loss-correlation"));
  if (loss?.kind === "gemodel") words.push("loss", "gemodel", ...["p", "r", "1-h", "1-k"].map((name) => percent(`gemodel-${name}`)));
  if (loss?.kind === "state") words.push("loss", "state", ...["p13", "p31", "p32", "p23", "p14"].map((name) => percent(`state-${name}`)));
  if (has("duplicate")) words.push("duplicate", percent("duplicate"), percent("duplicate-correlation"));
  if (has("corrupt")) words.push("corrupt", percent("corrupt"), percent("corrupt-correlation"));
  if (has("reorder")) words.push("reorder", percent("reorder"), percent("reorder-correlation"), "gap", `${of("gap")}`);
  if (has("rate")) words.push("rate", `${of("rate") * 8}bit`);
  if (seed !== undefined) words.push("seed", `${seed}`);
  return words;
}

/** Parameters that netem keeps when a change does not say them; with a corruption goes its correlation. */
const STICKY = ["corrupt", "reorder", "rate"];

/** Can a leaf become this one by a change in place, which loses no packet of its queue? */
export function canChange(from: readonly Qdisc[], to: readonly Qdisc[]): boolean {
  if (from.length !== to.length) return false;
  return from.every(({ kind, parameters }, depth) => {
    const next = to[depth];
    if (next?.kind !== kind) return false;
    return STICKY.every((name) => (parameters[name] ?? 0) === 0 || name in next.parameters);
  });
}

/** Is what the kernel tells of a leaf what was asked for? It rounds, and tc rounds again when it prints. */
export function isAsAsked(asked: readonly Qdisc[], found: readonly Qdisc[]): boolean {
  if (asked.length !== found.length) return false;
  return asked.every(({ kind, parameters }, depth) => {
    const other = found[depth];
    if (other?.kind !== kind) return false;
    const names = new Set([...Object.keys(parameters), ...Object.keys(other.parameters)]);
    // Kernels that know seeds make one up where none is asked for.
    if (!("seed" in parameters)) names.delete("seed");
    return [...names].every((name) => {
      const value = parameters[name] ?? 0;
      return Math.abs(value - (other.parameters[name] ?? 0)) <= roundingOf(kind, name, value, parameters.rate ?? 0);
    });
  });
}

/** tc prints six digits of what is no whole number. */
const SIX_DIGITS = 1e-5;
/** Times are held in ticks of 64 ns, and printed in whole microseconds. */
const TIME_ROUNDING = 2e-6;
/** Fractions are held in 32 bits. */
const FRACTION_ROUNDING = 2 ** -32;

function roundingOf(kind: Qdisc["kind"], name: string, value: number, rate: number): number {
  if (kind === "tbf") return name === "rate" ? 0 : Math.ceil(rate * TIME_ROUNDING) + 2;
  if (WHOLE_NUMBERS.has(name)) return 0;
  return value * SIX_DIGITS + (name === "delay" || name === "jitter" ? TIME_ROUNDING : FRACTION_ROUNDING);
}

const WHOLE_NUMBERS = new Set(["limit", "gap", "rate", "seed"]);
