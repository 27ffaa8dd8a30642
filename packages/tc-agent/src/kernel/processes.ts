import { readdirSync, readFileSync } from "node:fs";

/** The ids of all processes that this one sees. */
export function processIds(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** When a process was started, in ticks since the boot; `undefined` where it has ended. */
export function startOf(pid: number): string | undefined {
  try {
    // After the name of its program, which may have spaces: field 22 of proc_pid_stat(5), and its state, field 3.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
