import type { Kernel } from "../boot/start.ts";
import { parseTcpReport, parseUdpReport, type TcpResult, type UdpResult } from "./iperf-report.ts";

interface IperfOptions {
  /** An address of the server, IPv4 or IPv6. */
  readonly to: string;
  /** The commands that run others where client and server are, such as a pod network's `inPod` and `inFar`. */
  readonly client: readonly string[];
  readonly server: readonly string[];
  /** 2 when left out. */
  readonly seconds?: number;
  /** So long it sends before it begins to measure; 0 when left out. */
  readonly omitSeconds?: number;
  /** Does the server send, and the client receive? `false` when left out. */
  readonly isReversed?: boolean;
  /** 5201 when left out. The control connection has it too, and goes through the same network. */
  readonly port?: number;
}

export interface UdpOptions extends IperfOptions {
  /** Of payload; 1,000,000 when left out. */
  readonly bitsPerSecond?: number;
  /** Payload of each; 1,000 when left out. On an Ethernet, IPv4 makes 42 bytes more of it, and IPv6 62. */
  readonly datagramBytes?: number;
}

export interface TcpOptions extends IperfOptions {
  /** Of payload; as many as go through when left out. */
  readonly bitsPerSecond?: number;
}

/** Uses one TCP connection. It fails where that breaks. */
export async function measureTcp(kernel: Kernel, options: TcpOptions): Promise<TcpResult> {
  const { bitsPerSecond } = options;
  const reports = await runIperf(
    kernel,
    options,
    "tcp",
    bitsPerSecond === undefined ? [] : ["--bitrate", `${bitsPerSecond}`, "--length", "1K"],
  );
  return parseTcpReport(reports.receiver, reports.sender);
}

/** Sends numbered datagrams. */
export async function measureUdp(kernel: Kernel, options: UdpOptions): Promise<UdpResult> {
  const { bitsPerSecond = 1_000_000, datagramBytes = 1_000 } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const reports = await runIperf(kernel, options, "udp", ["--udp", "--bitrate", `${bitsPerSecond}`, "--length", `${datagramBytes}`]);
      return parseUdpReport(reports.receiver);
    } catch (error) {
      // It greets by one datagram each way before it measures, and waits half a minute for one that the network has lost.
      if (attempt === UDP_ATTEMPTS) throw error;
    }
  }
}

const UDP_ATTEMPTS = 10;
/** What a measurement may take longer than it measures: by TCP the results wait behind all that a slow network has queued. */
const REST_MS = { tcp: 60_000, udp: 4_000 };

// It does not say that it listens when it is to report in JSON.
const UNTIL_LISTENING = 'until ss -Hltn "sport = :$1" | grep -q .; do sleep 0.02; done';

async function runIperf(
  kernel: Kernel,
  { to, client, server, seconds = 2, omitSeconds = 0, isReversed = false, port = 5_201 }: IperfOptions,
  protocol: "tcp" | "udp",
  more: readonly string[],
): Promise<{ readonly sender: string; readonly receiver: string }> {
  // Bound, or where there are several addresses datagrams may come from another than those for it go to.
  const service = ["iperf3", "--server", "--one-off", "--json", "--bind", to, "--port", `${port}`];
  const [serverCommand = "", ...serverArguments] = [...server, ...service];
  const serving = await kernel.start(serverCommand, serverArguments);
  try {
    const [waitCommand = "", ...waitArguments] = [...server, "sh", "-c", UNTIL_LISTENING, "sh", `${port}`];
    await kernel.run(waitCommand, waitArguments, { timeoutMs: 10_000 });
    const direction = isReversed ? ["--reverse"] : [];
    const times = ["--time", `${seconds}`, ...(omitSeconds === 0 ? [] : ["--omit", `${omitSeconds}`])];
    const asked = ["iperf3", "--client", to, "--json", "--port", `${port}`, ...times, ...direction, ...more];
    const [command = "", ...arguments_] = [...client, ...asked];
    const { stdout: ofClient } = await kernel.run(command, arguments_, { timeoutMs: (omitSeconds + seconds) * 1_000 + REST_MS[protocol] });
    const { stdout: ofServer } = await serving.ended;
    return isReversed ? { sender: ofServer, receiver: ofClient } : { sender: ofClient, receiver: ofServer };
  } finally {
    serving.kill("SIGKILL", { isForGroup: true });
  }
}
