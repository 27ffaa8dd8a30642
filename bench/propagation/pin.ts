import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** The CPU that the measured services have for themselves, and those of the bench. */
const SERVICE_CPU = availableParallelism() - 1;
const BENCH_CPUS = `0-${SERVICE_CPU - 1}`;

/**
 * Gives the bench and the services that it measures CPUs of their own, so that a service is never moved, and its caches are its own, until
 * {@link unpinBench}. `false` where this can not be had: on one CPU, or without Linux's `taskset`.
 */
export function pinBench(): boolean {
  try {
    if (SERVICE_CPU > 0) pin(process.pid, BENCH_CPUS);
    return SERVICE_CPU > 0;
  } catch {
    return false;
  }
}

/** Lets the bench run where it likes again. */
export function unpinBench(): void {
  pin(process.pid, `0-${SERVICE_CPU}`);
}

/** @throws where the service could not be moved to its CPU. */
export function pinService(pid: number): void {
  pin(pid, `${SERVICE_CPU}`);
}

function pin(pid: number, cpus: string): void {
  execFileSync("taskset", ["--all-tasks", "--pid", "--cpu-list", cpus, `${pid}`], { stdio: "ignore" });
}
