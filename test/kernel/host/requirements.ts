import { execFileSync } from "node:child_process";
import { probeFeatures } from "@puggle/tc-agent";

const PROGRAMS = ["ip", "tc", "iperf3", "ss", "unshare", "nsenter"];

/**
 * What this machine lacks for emulating networks on its own kernel, a line each; that is said.
 *
 * @throws where tests would be left out, and none may be.
 */
export async function findMissingOnHost(): Promise<readonly string[]> {
  const missing = await find();
  if (missing.length === 0) return [];
  const text = `the tests of networks on this machine's own kernel need more than it has:\n${missing.map((line) => `  ${line}`).join("\n")}`;
  if (process.env.CI !== undefined) throw new Error(text);
  console.warn(`skipped: ${text}`);
  return missing;
}

async function find(): Promise<readonly string[]> {
  const programs = PROGRAMS.filter((program) => !canDo("sh", "-c", `command -v ${program}`));
  if (programs.length > 0) return programs.map((program) => `the program ${program}`);
  if (!canDo("unshare", "--net", "true") || !canDo("test", "-w", "/run")) return ["root, who may make network namespaces"];
  const { redirect, tbf } = await probeFeatures();
  return [
    ...(redirect ? [] : ["a kernel that redirects packets: ifb and act_mirred"]),
    ...(tbf ? [] : ["a kernel with a token bucket: sch_tbf"]),
  ];
}

function canDo(command: string, ...arguments_: readonly string[]): boolean {
  try {
    execFileSync(command, arguments_, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
