import { spawn } from "node:child_process";
import { KernelError } from "./kernel-error.ts";

/** Somebody who looks at a device's packets. */
export interface Watcher {
  /** Ends it, and gives the lines of what it saw. */
  readonly stop: () => Promise<string>;
}

/**
 * Looks at the echo requests that a device sends, in the network namespace at a path, by tcpdump.
 *
 * @throws KernelError `missing-tool`
 */
export async function watchPackets(path: string, device: string): Promise<Watcher> {
  const options = ["-n", "-tt", "-l", "--immediate-mode", "-i", device, "icmp[icmptype]", "==", "icmp-echo"];
  const tcpdump = spawn("nsenter", [`--net=${path}`, "tcpdump", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  let seen = "";
  let said = "";
  tcpdump.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen += text;
  });
  const closed = new Promise<void>((resolve) => tcpdump.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const missing = () => reject(new KernelError("missing-tool", `tcpdump can not watch; install the package tcpdump (${said.trim()})`));
    tcpdump.once("error", missing);
    tcpdump.once("close", missing);
    tcpdump.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("listening on")) resolve();
    });
  });
  const stop = async () => {
    tcpdump.kill("SIGINT");
    await closed;
    return seen;
  };
  return { stop };
}
