import type { Chance, Degradation, Emulation, LeafVerdict, Loss, Match, PortRange, Rule } from "@puggle/tc-agent";

/** A rule on a line: which way, its name, whom it is about and what becomes of their packets. */
export function describeRule({ direction, name, matches, except, emulation }: Rule): string {
  const [first, ...more] = describePeers(matches);
  const peers = first === undefined ? "nobody" : `${first}${more.length === 0 ? "" : ` and ${more.length} more`}`;
  const exceptions = except.length === 0 ? "" : ` but not ${describePeers(except).join(", ")}`;
  return `${direction}  ${name}  ${direction === "egress" ? "to" : "from"} ${peers}${exceptions}: ${describeEmulation(emulation)}`;
}

const ANYWHERE = /^any IPv[46]/;

/** Each once; what is about every address of both versions is one. */
function describePeers(matches: readonly Match[]): readonly string[] {
  const all = matches.map(describeMatch);
  const short = (text: string) => text.replace(ANYWHERE, "any address");
  const isOfBoth = (text: string) => ["any IPv4", "any IPv6"].every((any) => all.includes(text.replace(ANYWHERE, any)));
  return [...new Set(all.map((text) => (ANYWHERE.test(text) && isOfBoth(text) ? short(text) : text)))];
}

function describeMatch({ family, cidr, protocol, ports, localPorts }: Match): string {
  const address = cidr.endsWith("/0") ? (family === 4 ? "any IPv4" : "any IPv6") : cidr;
  return [address, protocol, describePorts(ports, "port"), describePorts(localPorts, "local port")]
    .filter((part) => part !== undefined)
    .join(" ");
}

function describePorts(range: PortRange | undefined, word: string): string | undefined {
  if (range === undefined) return undefined;
  return range.from === range.to ? `${word} ${range.from}` : `${word}s ${range.from}-${range.to}`;
}

function describeEmulation(emulation: Emulation): string {
  if (emulation.kind === "partition") return "partition";
  const { delayUs, jitterUs, loss, duplicate, corrupt, reorder, rate } = emulation;
  const parts = [
    delayUs > 0 ? `delay ${milliseconds(delayUs)}${jitterUs > 0 ? ` ± ${milliseconds(jitterUs)}` : ""}` : undefined,
    loss === undefined ? undefined : `loss ${describeLoss(loss)}`,
    ...Object.entries({ duplicate, corrupt, reorder }).map(([name, chance]) =>
      chance === undefined ? undefined : `${name} ${percent(chance)}`,
    ),
    rate === undefined ? undefined : `rate ${describeRate(rate)}${describeQueue(emulation)}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function describeLoss(loss: Loss): string {
  return loss.kind === "random" ? percent(loss) : `by the ${loss.kind} model`;
}

function describeQueue({ queueUs }: Degradation): string {
  return queueUs === undefined ? "" : ` with a queue of ${milliseconds(queueUs)}`;
}

const RATE_UNITS = ["bit", "kbit", "mbit", "gbit"] as const;

function describeRate(rate: number): string {
  const thousands = RATE_UNITS.findLastIndex((_, power) => rate >= 1_000 ** power && rate % 1_000 ** power === 0);
  return `${rate / 1_000 ** Math.max(thousands, 0)}${RATE_UNITS[Math.max(thousands, 0)]}`;
}

function milliseconds(microseconds: number): string {
  return `${microseconds / 1_000}ms`;
}

function percent({ probability }: Pick<Chance, "probability">): string {
  return `${Number((probability * 100).toFixed(7))}%`;
}

/** What probes of leaves saw, a line each. */
export function describeVerdicts(verdicts: Readonly<Record<string, LeafVerdict>>): readonly string[] {
  return Object.entries(verdicts).map(([rule, { verified, sent, lost, delayMs, why }]) => {
    const delay = delayMs === undefined ? "" : `, held for ${delayMs.toFixed(1)} ms`;
    return `${rule}  leaf verified ${verified}: ${lost} of ${sent} packets lost${delay}${why === undefined ? "" : `; ${why}`}`;
  });
}
