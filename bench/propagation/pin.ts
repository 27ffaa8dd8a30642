import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** The CPU that the measured services have for themselves, and those of the bench. */
const SERVICE_CPU = availableParallelism() - 1;
const BENCH_CPUS = `0-${SERVICE_CPU - 1}`;

/**
 * Gives the bench and the services that it measures CPUs of their own, so that a service is never moved, and its caches are its own.
 * `false` where this can not be had: on one CPU, or without Linux's `taskset`.
 */
export function pinBench(): boolean {
  return SERVICE_CPU > 0 && pin(process.pid, BENCH_CPUS);
}

/** The same for a service, where {@link pinBench} could. */
export function pinService(pid: number): boolean {
  return pin(pid, `${SERVICE_CPU}`);
}

function pin(pid: number, cpus: string): boolean {
  try {
    execFileSync("taskset", ["--all-tasks", "--pid", "--cpu-list", cpus, `${pid}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
