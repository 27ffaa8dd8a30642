import { execFileSync } from "node:child_process";

const PROGRAMS = [
  ["go", "Go 1.26 or later, from https://go.dev/dl, which builds the API server and istiod"],
  ["etcd", "Debian's package etcd-server"],
  ["ip", "Debian's package iproute2"],
] as const;

/** What the test cluster needs and this machine lacks, a line each, with how to get it. */
export function findMissing(): readonly string[] {
  const missing: string[] = [];
  if (process.platform !== "linux") missing.push("Linux: sidecars have addresses and network namespaces of their own");
  if (process.getuid?.() !== 0) missing.push("root: the addresses of pods are put on this machine's loopback");
  for (const [program, source] of PROGRAMS) if (!isInstalled(program)) missing.push(`${program}: ${source}`);
  return missing;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
