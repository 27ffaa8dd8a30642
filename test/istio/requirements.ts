import { execFileSync } from "node:child_process";

const PROGRAMS = [
  ["go", "Go 1.26 or later, from https://go.dev/dl, which builds the API server and istiod"],
  ["etcd", "Debian's package etcd-server"],
] as const;

/** What the test cluster needs and this machine lacks, a line each, with how to get it. */
export function findMissing(): readonly string[] {
  const missing: string[] = [];
  if (process.platform !== "linux") missing.push("Linux, whose /proc tells which processes are left");
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
