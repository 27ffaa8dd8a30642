export interface TcpResult {
  /** Of payload, as the receiver saw it. */
  readonly bitsPerSecond: number;
  readonly retransmits: number;
}

export interface UdpResult {
  /** Of payload, as the receiver saw it. */
  readonly bitsPerSecond: number;
  /** Datagrams from the first to the last that came, with those that did not. */
  readonly total: number;
  readonly lost: number;
  /** Duplicates are among them, and each makes one less in `lost`. */
  readonly outOfOrder: number;
  /** Smoothed difference of transit times (RFC 1889). */
  readonly jitterMs: number;
}

/** What `iperf3 --json` says, as far as it is read here; an `end` without anything where there was no measurement. */
interface Report {
  readonly error?: string;
  readonly end: Partial<Ending>;
}

interface Ending {
  readonly streams: readonly { readonly udp?: UdpStream }[];
  readonly sum_sent: { readonly retransmits?: number };
  readonly sum_received: { readonly bits_per_second: number };
}

interface UdpStream {
  readonly packets: number;
  readonly lost_packets: number;
  readonly out_of_order: number;
  readonly jitter_ms: number;
}

/** @throws where iperf3 reports an error, which it does with exit code 0. */
export function parseTcpReport(ofReceiver: string, ofSender: string): TcpResult {
  const { sum_sent } = readEnd(ofSender);
  const { sum_received } = readEnd(ofReceiver);
  if (sum_received === undefined || sum_sent?.retransmits === undefined)
    throw new Error(`iperf3 has measured nothing:\n${ofReceiver}\n${ofSender}`);
  return { bitsPerSecond: sum_received.bits_per_second, retransmits: sum_sent.retransmits };
}

/**
 * The receiver's report alone knows what was out of order.
 *
 * @throws where iperf3 reports an error, which it does with exit code 0.
 */
export function parseUdpReport(ofReceiver: string): UdpResult {
  const { sum_received, streams } = readEnd(ofReceiver);
  const udp = streams?.[0]?.udp;
  if (sum_received === undefined || udp === undefined) throw new Error(`iperf3 has measured nothing:\n${ofReceiver}`);
  return {
    bitsPerSecond: sum_received.bits_per_second,
    total: udp.packets,
    lost: udp.lost_packets,
    outOfOrder: udp.out_of_order,
    jitterMs: udp.jitter_ms,
  };
}

function readEnd(text: string): Partial<Ending> {
  const { error, end }: Report = JSON.parse(text);
  if (error !== undefined) throw new Error(`iperf3: ${error}`);
  return end;
}
