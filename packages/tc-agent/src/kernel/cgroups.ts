import { readFileSync } from "node:fs";

/** The path of a process' control group (version 2), from where these are mounted. */
export function cgroupOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/cgroup`, "utf8")
      .split("\n")
      .find((one) => one.startsWith("0::"));
    return line?.slice("0::".length);
  } catch {
    return undefined;
  }
}

/** Where control groups of version 2 are mounted; `undefined` where they are not. */
export function cgroupRoot(): string | undefined {
  const line = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .find((one) => one.includes(" - cgroup2 "));
  return line?.split(" ")[4];
}
