import { z } from "zod";
import { formatAddress, parseAddress } from "../spec/addresses/address.ts";
import type { Direction } from "../spec/emulation.ts";
import { PORT_ZERO } from "../tree/classifiers.ts";
import { COOKIE, PASS_CLASS } from "../tree/ownership.ts";
import type { Action, Filter } from "../tree/tree.ts";

const action = z.looseObject({
  kind: z.string(),
  mirred_action: z.string().optional(),
  direction: z.string().optional(),
  to_dev: z.string().optional(),
  control_action: z.looseObject({ type: z.string(), chain: z.number().optional() }).optional(),
  cookie: z.string().optional(),
  stats: z.looseObject({ packets: z.number(), bytes: z.number() }).optional(),
});

const filter = z.looseObject({
  protocol: z.string(),
  pref: z.number(),
  kind: z.string(),
  chain: z.number().default(0),
  options: z.looseObject({ actions: z.array(action).optional() }).optional(),
});

/** A filter as the kernel has it. */
export interface FoundFilter {
  /** `undefined` where it is somebody else's, or of a form that is never ours. */
  readonly filter: Filter | undefined;
  readonly preference: number;
  readonly chain: number;
  readonly kind: string;
  /** Packets that took its action; `undefined` where they are not counted. */
  readonly packets: number | undefined;
}

/** The filters of one hook, as `tc -json -statistics filter show` prints them. */
export function parseFilters(hook: Direction, shown: readonly unknown[]): readonly FoundFilter[] {
  const parsed = z.array(filter).parse(shown);
  const whole = parsed.filter(({ options }) => options !== undefined && !("ht_divisor" in options));
  return whole.map(({ protocol, pref, kind, chain, options = {} }) => {
    const actions = options.actions ?? [];
    const found = readAction(actions, options.flowid);
    const keys = found === undefined ? undefined : readKeys(kind, options);
    const isKnown = found !== undefined && keys !== undefined && (protocol === "ip" || protocol === "ipv6" || protocol === "all");
    return {
      filter: isKnown
        ? { hook, chain, preference: pref, protocol, classifier: kind as Filter["classifier"], keys, action: found }
        : undefined,
      preference: pref,
      chain,
      kind,
      packets: actions[0]?.stats?.packets,
    };
  });
}

function readAction(actions: readonly z.output<typeof action>[], flowId: unknown): Action | undefined {
  const [first, ...more] = actions;
  if (first === undefined) return flowId === PASS_CLASS ? { kind: "pass" } : undefined;
  if (more.length > 0 || first.cookie !== COOKIE) return undefined;
  const { type, chain } = first.control_action ?? {};
  if (first.kind === "mirred" && first.mirred_action === "redirect" && first.direction === "egress" && first.to_dev !== undefined) {
    return { kind: "redirect", to: first.to_dev };
  }
  if (first.kind === "connmark" && type === "continue") return { kind: "restore-mark" };
  if (first.kind !== "gact") return undefined;
  if (type === "goto" && chain !== undefined) return { kind: "goto", chain };
  if (type === "pass" || type === "drop" || type === "continue") return { kind: type };
  return undefined;
}

function readKeys(kind: string, options: Readonly<Record<string, unknown>>): Filter["keys"] | undefined {
  switch (kind) {
    case "flower":
      return readFlowerKeys(z.record(z.string(), z.unknown()).parse(options.keys ?? {}));
    case "matchall":
      return {};
    case "basic":
      return { match: String(options.ematch).replace("NOT ", "not ") };
    case "fw":
      return { mark: readMark(String(options.mark ?? options.handle)) };
    case "u32":
      return readRawKeys(options);
    default:
      return undefined;
  }
}

/** A mask of all bits is not printed. */
function readMark(mark: string): string {
  return mark.includes("/") ? mark : `${mark}/0xffffffff`;
}

const portRange = z.object({ start: z.number(), end: z.number() });
const ADDRESS_KEYS = new Set(["src_ip", "dst_ip"]);
const PORT_KEYS = new Set(["src_port", "dst_port"]);

function readFlowerKeys(keys: Readonly<Record<string, unknown>>): Filter["keys"] {
  const entries = Object.entries(keys).filter(([name, value]) => name !== "eth_type" && !(name.endsWith("_port_mask") && value === "ffff"));
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const range = portRange.safeParse(value);
      if (range.success) return [name, `${range.data.start}-${range.data.end}`];
      if (PORT_KEYS.has(name) && value === 0) return [name, PORT_ZERO];
      return [name, ADDRESS_KEYS.has(name) ? canonical(String(value)) : String(value)];
    }),
  );
}

/** tc writes some IPv6 addresses with an IPv4 address at their end. */
function canonical(address: string): string {
  const [text = "", ...prefix] = address.split("/");
  const parsed = parseAddress(text);
  return [parsed === undefined ? text : formatAddress(parsed), ...prefix].join("/");
}

const rawMatch = z.object({ value: z.string(), mask: z.string(), off: z.number() });

/** By offset, as they are numbered by {@link parseTcJson}. */
function readRawKeys(options: Readonly<Record<string, unknown>>): Filter["keys"] {
  const matches = Object.entries(options).flatMap(([name, value]) => (name.startsWith("match ") ? [rawMatch.parse(value)] : []));
  return Object.fromEntries(matches.map(({ value, mask, off }) => [`at ${off}`, `${value}/${mask}`]));
}
