import type { LeafObservation, LeafProbe } from "../kernel/leaf-probe.ts";
import { DEFAULT_QUEUE_US, type Degradation } from "../spec/emulation.ts";
import type { Truth } from "./status.ts";

/** What a probe of a leaf saw, beside what it should have seen. */
export interface LeafVerdict {
  readonly verified: Truth;
  readonly sent: number;
  readonly lost: number;
  /** The median, in milliseconds; absent where nothing came through. */
  readonly delayMs?: number;
  /** Where it is not as it should be, or can not be known: why. */
  readonly why?: string;
}

const FRAME_BITS = 98 * 8;
const SHARE_OF_RATE = 0.2;
const FASTEST_MS = 5;
const LONGEST_MS = 4_000;
const MOST_PACKETS = 200;
/** Timers and the watcher itself. */
const TOLERANCE_MS = 1;
/** Deviations of a table reach so far. */
const DEVIATIONS = 4;

/** So few packets that they do not disturb: a fifth of a rate at most, and four seconds. */
export function probeFor(leaf: string, { delayUs, jitterUs, rate, queueUs }: Degradation): LeafProbe {
  const intervalMs = Math.max(FASTEST_MS, rate === undefined ? 0 : Math.ceil((FRAME_BITS * 1_000) / (rate * SHARE_OF_RATE)));
  const packets = Math.max(2, Math.min(MOST_PACKETS, Math.floor(LONGEST_MS / intervalMs)));
  const queueMs = rate === undefined ? 0 : (queueUs ?? DEFAULT_QUEUE_US) / 1_000;
  return { leaf, packets, intervalMs, waitMs: (delayUs + DEVIATIONS * jitterUs) / 1_000 + queueMs + 50 };
}

const LONGEST_WAIT_MS = 5_000;

/** Would packets be waited for so long that the namespace is kept from its turn? */
export function isTooSlow({ waitMs }: LeafProbe): boolean {
  return waitMs > LONGEST_WAIT_MS;
}

export const TOO_SLOW: LeafVerdict = {
  verified: "Unknown",
  sent: 0,
  lost: 0,
  why: `packets may be held for longer than ${LONGEST_WAIT_MS / 1_000} s, and are not waited for`,
};

/** Holds what was seen against what was asked for. Loss in bursts is told and not judged: so few packets say little of it. */
export function judge({ sent, delaysMs }: LeafObservation, asked: Degradation): LeafVerdict {
  const lost = sent - delaysMs.length;
  const sorted = delaysMs.toSorted((a, b) => a - b);
  const delayMs = sorted[Math.floor(sorted.length / 2)];
  const seen = { sent, lost, ...(delayMs === undefined ? {} : { delayMs }) };
  if (sent === 0) return { ...seen, verified: "Unknown", why: "no packet of the probe was sent: has the namespace an IPv4 address?" };
  const problems = [delayProblem(delayMs, asked), lossProblem(sent, lost, asked)].filter((problem) => problem !== undefined);
  return problems.length === 0 ? { ...seen, verified: "True" } : { ...seen, verified: "False", why: problems.join("; ") };
}

function delayProblem(delayMs: number | undefined, { delayUs, jitterUs, rate, queueUs, reorder }: Degradation): string | undefined {
  if (delayMs === undefined) return undefined;
  const queueMs = rate === undefined ? 0 : (queueUs ?? DEFAULT_QUEUE_US) / 1_000 + (FRAME_BITS * 1_000) / rate;
  // Most packets may be among those that go at once.
  const least = reorder === undefined ? (delayUs - jitterUs) / 1_000 - TOLERANCE_MS : 0;
  const most = (delayUs + jitterUs) / 1_000 + queueMs + TOLERANCE_MS;
  if (delayMs >= least && delayMs <= most) return undefined;
  return `half of the packets took more than ${delayMs.toFixed(1)} ms, and from ${Math.max(0, least).toFixed(1)} to ${most.toFixed(1)} ms were asked for`;
}

/** One in a thousand verdicts may be wrong. */
const DEVIATIONS_OF_LOSS = 3.3;

function lossProblem(sent: number, lost: number, { loss, corrupt }: Degradation): string | undefined {
  if (loss !== undefined && (loss.kind !== "random" || loss.correlation > 0)) return undefined;
  // A broken packet may not be known again.
  const least = loss?.probability ?? 0;
  const most = Math.min(1, least + (corrupt?.probability ?? 0));
  const spread = (probability: number) =>
    DEVIATIONS_OF_LOSS * Math.sqrt(sent * probability * (1 - probability)) + (probability > 0 && probability < 1 ? 1 : 0);
  if (lost >= sent * least - spread(least) && lost <= sent * most + spread(most)) return undefined;
  return `${lost} of ${sent} packets were lost, and ${Number((least * 100).toFixed(5))}% were asked for`;
}
