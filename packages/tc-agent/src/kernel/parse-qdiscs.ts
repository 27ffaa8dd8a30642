import { z } from "zod";
import type { Qdisc } from "../tree/tree.ts";

const chance = (name: string) => z.object({ [name]: z.number(), correlation: z.number().default(0) });

const netem = z.object({
  limit: z.number(),
  delay: z.object({ delay: z.number(), jitter: z.number(), correlation: z.number() }).optional(),
  "loss-random": chance("loss").optional(),
  "loss-gemodel": z.object({ p: z.number(), r: z.number(), "1-h": z.number(), "1-k": z.number() }).optional(),
  "loss-state": z.object({ p13: z.number(), p31: z.number(), p32: z.number(), p23: z.number(), p14: z.number() }).optional(),
  duplicate: chance("duplicate").optional(),
  corrupt: chance("corrupt").optional(),
  reorder: chance("reorder").optional(),
  rate: z.object({ rate: z.number() }).optional(),
  gap: z.number().default(0),
  seed: z.number().optional(),
});

const tbf = z.object({ rate: z.number(), burst: z.number(), lat: z.number().optional(), limit: z.number().optional() });

const qdisc = z.object({
  kind: z.string(),
  handle: z.string(),
  dev: z.string().optional(),
  root: z.boolean().optional(),
  parent: z.string().optional(),
  options: z.unknown().optional(),
  bytes: z.number().optional(),
  packets: z.number().optional(),
  drops: z.number().optional(),
  qlen: z.number().optional(),
  backlog: z.number().optional(),
});

/** One queueing discipline as `tc -json [-statistics] qdisc show` prints it. */
export type ShownQdisc = z.output<typeof qdisc>;

export function parseQdiscs(shown: readonly unknown[]): readonly ShownQdisc[] {
  return z.array(qdisc).parse(shown);
}

/** Those that emulation is made of, in names and units of ours; `undefined` for any other. */
export function readQdisc({ kind, options }: ShownQdisc): Qdisc | undefined {
  if (kind === "netem") return { kind, parameters: readNetem(netem.parse(options)) };
  if (kind !== "tbf") return undefined;
  const { rate, burst, lat, limit } = tbf.parse(options);
  return { kind, parameters: { rate, burst, limit: limit ?? Math.round((rate * (lat ?? 0)) / 1e6) + burst } };
}

function readNetem(options: z.output<typeof netem>): Qdisc["parameters"] {
  const { delay, reorder, rate, gap, limit, seed } = options;
  const found: Record<string, number> = { limit };
  if (delay !== undefined) {
    Object.assign(found, { delay: delay.delay, jitter: delay.jitter, "delay-correlation": delay.correlation });
  }
  for (const [name, key, of] of [
    ["loss-random", "loss-random", "loss"],
    ["duplicate", "duplicate", "duplicate"],
    ["corrupt", "corrupt", "corrupt"],
  ] as const) {
    const told: Record<string, unknown> | undefined = options[name];
    if (told === undefined) continue;
    found[key] = Number(told[of]);
    found[name === "loss-random" ? "loss-correlation" : `${name}-correlation`] = Number(told.correlation);
  }
  for (const [part, value] of Object.entries(options["loss-gemodel"] ?? {})) found[`gemodel-${part}`] = value;
  for (const [part, value] of Object.entries(options["loss-state"] ?? {})) found[`state-${part}`] = value;
  if (reorder !== undefined) {
    Object.assign(found, { reorder: Number(reorder.reorder), "reorder-correlation": Number(reorder.correlation), gap });
  }
  if (rate !== undefined) found.rate = rate.rate;
  if (seed !== undefined) found.seed = seed;
  return found;
}
