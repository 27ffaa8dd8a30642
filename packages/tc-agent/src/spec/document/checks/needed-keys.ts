import type { Finding, WrittenRule } from "../written-rule.ts";

const NEEDS = [
  ["jitter", "delay", "varies the delay"],
  ["reorder", "delay", "lets packets overtake those that are delayed"],
  ["distribution", "jitter", "is that of the jitter"],
  ["correlation", "jitter", "is that of the jitter"],
  ["queue", "rate", "is where packets wait for the rate"],
] as const;

/** netem takes some of its parameters without others, and then does nothing with them. */
export function findMissingNeeds({ raw, fields }: WrittenRule): Finding[] {
  return NEEDS.flatMap(([key, needed, why]): Finding[] => {
    const isThere = raw[needed] !== undefined && fields[needed] !== 0;
    if (raw[key] === undefined || isThere) return [];
    const fix = raw[needed] === undefined ? `add '${needed}', or remove '${key}'` : `make '${needed}' more than 0, or remove '${key}'`;
    return [{ path: [key], code: "needs-another-key", message: `'${key}' ${why}, and there is none`, fix }];
  });
}

/** Above it tc takes a jitter for less, and says nothing. */
const MOST_JITTER_US = 2_147_483;

/** A packet can not leave before it came, and netem counts jitter in 31 bits. */
export function findJitterOutOfRange({ raw, fields: { delay, jitter } }: WrittenRule): Finding[] {
  if (jitter !== undefined && jitter > MOST_JITTER_US) {
    const message = `'jitter' is ${String(raw.jitter)}, more than netem can tell`;
    return [{ path: ["jitter"], code: "invalid-value", message, fix: "write at most 2147ms" }];
  }
  if (delay === undefined || delay === 0 || jitter === undefined || jitter <= delay) return [];
  const message = `'jitter' is ${String(raw.jitter)}, more than the delay of ${String(raw.delay)}`;
  return [{ path: ["jitter"], code: "invalid-value", message, fix: `write at most ${String(raw.delay)}, or raise the delay` }];
}
