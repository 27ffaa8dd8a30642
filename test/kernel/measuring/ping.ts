import type { Kernel } from "../boot/start.ts";

export interface PingOptions {
  readonly to: string;
  /** The command that runs another in a namespace or container, such as a pod network's `inPod`; the kernel's own namespace when left out. */
  readonly launcher?: readonly string[];
  /** 10 when left out. */
  readonly count?: number;
  /** 50 when left out; from 2 up. */
  readonly intervalMs?: number;
  /** How long to wait for the last answer; 2,000 when left out. */
  readonly waitMs?: number;
  /** An interface or address to send from. */
  readonly from?: string;
  /** Bytes of data; 56 when left out, which makes packets of 84 bytes by IPv4. */
  readonly dataBytes?: number;
}

export interface PingResult {
  readonly sent: number;
  /** Without duplicates. */
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  /** The sequence numbers of the answers that came again, each time. */
  readonly duplicated: readonly number[];
  /** In the order of the answers, with three digits: ping says whole milliseconds from 100 up. */
  readonly roundTripsMs: readonly number[];
  /** The sequence number of each, from 1. */
  readonly sequence: readonly number[];
}

/** ping says each answer when it comes: to hand that on takes longer than the answer took, and disturbs those that come next. */
const SAY_AT_ONCE = 'said=$("$@"); printf "%s\\n" "$said"';

/** A kernel that has six at once to serve, each with many answers, lets ping take three times what it is asked for. */
const SLOWNESS = 6;

/** Measures round trips by iputils' ping, IPv4 or IPv6 by the address. No answer at all is a result, and no error. */
export async function ping(kernel: Kernel, options: PingOptions): Promise<PingResult> {
  const { to, launcher = [], count = 10, intervalMs = 50, waitMs = 2_000, from, dataBytes } = options;
  const [command = "", ...arguments_] = [
    ...launcher,
    ...["sh", "-c", SAY_AT_ONCE, "sh"],
    ...["ping", "-n", to.includes(":") ? "-6" : "-4", "-c", `${count}`, "-i", `${intervalMs / 1_000}`, "-W", `${waitMs / 1_000}`],
    ...["-e", `${nextIdentifier()}`],
    ...(from === undefined ? [] : ["-I", from]),
    ...(dataBytes === undefined ? [] : ["-s", `${dataBytes}`]),
    to,
  ];
  const timeoutMs = SLOWNESS * count * intervalMs + waitMs + 30_000;
  const { stdout, stderr } = await kernel.run(command, arguments_, { timeoutMs, mayFail: true });
  return parsePing(stdout, stderr);
}

const IDENTIFIERS = 60_000;
let identifiers = process.pid;

/**
 * By itself ping takes its process id, which the containers of a pod may have twice: to the kernel their echoes would be of one connection, with one mark.
 */
function nextIdentifier(): number {
  identifiers += 1;
  return 1 + (identifiers % IDENTIFIERS);
}

/** @throws where this is not the whole output of a ping that has sent something. */
export function parsePing(stdout: string, stderr = ""): PingResult {
  const summary = /^(\d+) packets transmitted, (\d+) received(?:, \+(\d+) duplicates)?/m.exec(stdout);
  if (summary === null) throw new Error(`ping has not told what it sent:\n${stdout}\n${stderr}`);
  const all = [...stdout.matchAll(/ icmp_seq=(\d+) .*\btime=([\d.]+) ms( \(DUP!\))?/g)];
  const answers = all.filter(([, , , duplicate]) => duplicate === undefined);
  const again = all.filter(([, , , duplicate]) => duplicate !== undefined);
  const [sent, received, duplicates] = [Number(summary[1]), Number(summary[2]), Number(summary[3] ?? 0)];
  return {
    sent,
    received,
    lost: sent - received,
    duplicates,
    duplicated: again.map(([, sequence]) => Number(sequence)),
    roundTripsMs: answers.map(([, , time]) => Number(time)),
    sequence: answers.map(([, sequence]) => Number(sequence)),
  };
}
