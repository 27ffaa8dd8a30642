import type { DocumentKind } from "@puggle/model/documents";
import {
  chanceMapSchema,
  egressRuleSchema,
  gemodelSchema,
  ingressRuleSchema,
  lossMapSchema,
  passSchema,
  peerSchema,
  reorderMapSchema,
  specSchema,
  stateSchema,
} from "./schema.ts";

const NOUN = "a network emulation";
const EGRESS_RULE = "an egress rule";
const INGRESS_RULE = "an ingress rule";

/** What other tools call it. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ["latency", "delay"],
  ["bandwidth", "rate"],
  ["drop", "loss"],
  ["corruption", "corrupt"],
  ["duplication", "duplicate"],
  ["address", "cidr"],
  ["ip", "cidr"],
]);

const PROBABILITIES = [...Object.keys(gemodelSchema.shape), ...Object.keys(stateSchema.shape)];

/** How problems speak of specs. */
export const SPEC_KIND: DocumentKind = {
  noun: NOUN,
  schema: specSchema,
  nouns: new Map<unknown, string>([
    [specSchema, NOUN],
    [egressRuleSchema, EGRESS_RULE],
    [ingressRuleSchema, INGRESS_RULE],
    [peerSchema, "a peer"],
    [passSchema, "what passes"],
    [chanceMapSchema, "a chance"],
    [reorderMapSchema, "a reordering"],
    [lossMapSchema, "a loss"],
    [gemodelSchema, "a Gilbert-Elliott model"],
    [stateSchema, "a model of four states"],
  ]),
  maxBytes: 2 * 1024 * 1024,
  fixes: {
    emptyFile: "write at least 'egress: []', which emulates nothing",
    fileTooLarge: "name blocks of addresses instead of each one",
    tooManyAliases: "write the values out",
  },
  examples: new Map([
    [NOUN, "egress: [{ delay: 120ms }]"],
    ["egress", "egress: [{ delay: 120ms }]"],
    ["ingress", "ingress: [{ rate: 2mbit }]"],
    ["to", "to: [{ cidr: 10.0.0.0/8 }]"],
    ["from", "from: [{ cidr: 10.0.0.0/8 }]"],
    ["except", "except: [{ cidr: 10.0.0.0/8 }]"],
    ["name", "name: slow-db"],
    ["cidr", "cidr: 10.0.0.0/8"],
    ["host", "host: api.example.com"],
    ["seed", "seed: 42"],
    ["probability", "probability: 1%"],
    ...PROBABILITIES.map((key) => [key, `${key}: 1%`] as const),
    ["pass", "pass: { probes: [{ cidr: 10.0.0.1 }] }"],
    ["probes", "probes: [{ cidr: 10.0.0.1 }]"],
    ["ports", "ports: [5432, 8000-8010]"],
    ["localPorts", "localPorts: [5432, 8000-8010]"],
    ["priority", "priority: 10"],
    ["gap", "gap: 5"],
    ["delay", "delay: 120ms"],
    ["jitter", "jitter: 20ms"],
    ["queue", "queue: 50ms"],
    ["rate", "rate: 2mbit"],
    ["loss", "loss: 1%"],
    ["duplicate", "duplicate: 1%"],
    ["corrupt", "corrupt: 0.1%"],
    ["reorder", "reorder: 25%"],
    ["correlation", "correlation: 25%"],
    ["gemodel", "gemodel: { p: 1%, r: 10% }"],
    ["state", "state: { p13: 1%, p31: 20% }"],
  ]),
  findKeyFix: (key, noun) => {
    if (key === "to" && noun === INGRESS_RULE) return "an ingress rule says 'from'; or move the rule to 'egress'";
    if (key === "from" && noun === EGRESS_RULE) return "an egress rule says 'to'; or move the rule to 'ingress'";
    if (key === "limit") return "say how long a packet may wait, with 'rate' and 'queue'";
    const word = OTHER_WORDS.get(key);
    return word === undefined ? undefined : `write '${word}'`;
  },
};
