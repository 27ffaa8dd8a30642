import { z } from "zod";
import { formatCidr, parseCidr } from "../addresses/cidr.ts";
import { type Fault, isFault } from "../fault.ts";
import { A_DURATION, parseDuration } from "../units/duration.ts";
import { A_PERCENTAGE, parsePercentage } from "../units/percentage.ts";
import { A_PORT, parsePortRange } from "../units/port-range.ts";
import { A_RATE, parseRate } from "../units/rate.ts";
import { A_HOST, A_RULE_NAME, parseHost, parseRuleName } from "./names.ts";
import { quantitySchema } from "./quantity-schema.ts";
import { A_SEED, parseSeed } from "./seed.ts";

const duration = quantitySchema(A_DURATION, parseDuration);
const percentage = quantitySchema(A_PERCENTAGE, parsePercentage);
const ports = z.array(quantitySchema(A_PORT, parsePortRange)).min(1);

/** The packets of some addresses, ports and protocols. */
export const peerSchema = z.strictObject({
  cidr: quantitySchema("an address or a block such as 10.0.0.0/8", parseCanonicalCidr).optional(),
  host: quantitySchema(A_HOST, parseHost).optional(),
  protocol: z.enum(["tcp", "udp", "sctp", "icmp"]).optional(),
  ports: ports.optional(),
  localPorts: ports.optional(),
});
const peers = z.array(peerSchema).min(1);

/** How probable something is, where there is more to say than that. */
export const chanceMapSchema = z.strictObject({ probability: percentage, correlation: percentage.optional() });
const chance = z.union([percentage, chanceMapSchema], { error: `${A_PERCENTAGE}, or a map` });

const gap = z.int().min(1).max(0xffff_ffff);
/** Packets that overtake. */
export const reorderMapSchema = z.strictObject({ ...chanceMapSchema.shape, gap: gap.optional() });

/** Gilbert-Elliott, its defaults those of tc-netem(8). */
export const gemodelSchema = z.strictObject({
  p: percentage,
  r: percentage.optional(),
  lostWhenBad: percentage.default(1),
  lostWhenGood: percentage.default(0),
});

/** The four states of tc-netem(8), and its defaults. */
export const stateSchema = z.strictObject({
  p13: percentage,
  p31: percentage.optional(),
  p32: percentage.default(0),
  p23: percentage.default(1),
  p14: percentage.default(0),
});

/** One of three models of loss; that it is one is checked beside the schema. */
export const lossMapSchema = z.strictObject({
  probability: percentage.optional(),
  correlation: percentage.optional(),
  gemodel: gemodelSchema.optional(),
  state: stateSchema.optional(),
});

const ruleShape = {
  name: quantitySchema(A_RULE_NAME, parseRuleName).optional(),
  priority: z.int().default(0),
  except: peers.optional(),
  delay: duration.optional(),
  jitter: duration.optional(),
  distribution: z.enum(["uniform", "normal", "pareto", "paretonormal"]).optional(),
  correlation: percentage.optional(),
  loss: z.union([percentage, lossMapSchema], { error: `${A_PERCENTAGE}, or a map` }).optional(),
  duplicate: chance.optional(),
  corrupt: chance.optional(),
  reorder: z.union([percentage, reorderMapSchema], { error: `${A_PERCENTAGE}, or a map` }).optional(),
  rate: quantitySchema(A_RATE, parseRate).optional(),
  queue: duration.optional(),
  seed: quantitySchema(A_SEED, parseSeed).optional(),
  partition: z
    .custom<true>((value) => value === true, { error: "must be true", params: { fix: "write true, or remove the key" } })
    .optional(),
};

export const egressRuleSchema = z.strictObject({ to: peers.optional(), ...ruleShape });
export const ingressRuleSchema = z.strictObject({ from: peers.optional(), ...ruleShape });
export const passSchema = z.strictObject({ probes: z.array(peerSchema).default([]) });

/** The body of a network emulation, as it is written. */
export const specSchema = z.strictObject({
  egress: z.array(egressRuleSchema).default([]),
  ingress: z.array(ingressRuleSchema).default([]),
  pass: passSchema.default({ probes: [] }),
  dns: z.enum(["pass", "emulate"]).default("pass"),
});

export type WrittenSpec = z.output<typeof specSchema>;
export type WrittenPeer = z.output<typeof peerSchema>;
/** A rule's fields but for whom it concerns, which is `to` or `from`. */
export type RuleFields = Omit<WrittenSpec["egress"][number], "to">;

function parseCanonicalCidr(text: string): string | Fault {
  const block = parseCidr(text);
  return isFault(block) ? block : formatCidr(block);
}
