import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupOf, cgroupRoot } from "../kernel/cgroups.ts";
import { isAlive, type NetworkNamespace } from "../kernel/network-namespace.ts";
import { processIds } from "../kernel/processes.ts";
import { RUN_FOLDER } from "../kernel/run-folder.ts";
import { recordFrozen, thaw, thawForgotten } from "./frozen.ts";

/** What was paused, and for how long. */
export interface Pause {
  readonly milliseconds: number;
  /** The processes of the namespace that went on: their packets of that moment may be lost. */
  readonly unpaused: readonly number[];
}

/**
 * Does something while no process of a network namespace runs, where their control groups (version 2) can be frozen: those that hold processes of this
 * namespace alone. Processes are thawed in any case, also when this one is killed meanwhile, or hangs.
 *
 * @param tools - processes that have to go on
 * @param folder - where it is written down what is frozen
 */
export async function whilePaused(
  namespace: NetworkNamespace,
  tools: readonly number[],
  act: () => Promise<void>,
  folder = RUN_FOLDER,
): Promise<Pause> {
  thawForgotten(folder);
  const processes = processesIn(namespace).filter((pid) => pid !== process.pid && !tools.includes(pid));
  const root = cgroupRoot();
  const groups = Map.groupBy(processes, (pid) => cgroupOf(pid) ?? "/");
  const own = cgroupOf(process.pid);
  const freezable = [...groups.keys()].filter(
    (group) => group !== "/" && group !== own && root !== undefined && holdsOnly(join(root, group), processes),
  );
  // Who stands still already is somebody else's, and stays so.
  const files = freezable.map((group) => join(root ?? "", group, "cgroup.freeze")).filter((file) => readIfThere(file)?.trim() === "0");
  const crossOut = files.length === 0 ? () => undefined : recordFrozen(files, folder);
  let began = performance.now();
  try {
    const guard = await guardFrozen(files, root ?? "");
    began = performance.now();
    try {
      for (const file of files) freeze(file);
      for (const file of files) await untilFrozen(file);
      await act();
    } finally {
      for (const file of files) thaw(file);
      await guard.release();
    }
  } finally {
    crossOut();
  }
  const unpaused = [...groups].flatMap(([group, pids]) => (freezable.includes(group) ? [] : pids));
  return { milliseconds: performance.now() - began, unpaused };
}

function processesIn(namespace: NetworkNamespace): readonly number[] {
  return processIds().filter((pid) => isAlive({ ...namespace, path: `/proc/${pid}/ns/net` }));
}

/** What can not be read is not ours to freeze: a threaded group tells no processes, and one that has ended is not there. */
function holdsOnly(folder: string, processes: readonly number[]): boolean {
  try {
    readFileSync(join(folder, "cgroup.freeze"));
    const held = [folder, ...foldersIn(folder)].flatMap((one) => readFileSync(join(one, "cgroup.procs"), "utf8").split("\n"));
    return held.filter((line) => line !== "").every((line) => processes.includes(Number(line)));
  } catch {
    return false;
  }
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [join(folder, entry.name), ...foldersIn(join(folder, entry.name))]);
}

/**
 * Leaves our control group, where it may, so that who kills that does not kill it; says that it is there, waits until its input ends or time is up, and thaws
 * what it was given.
 */
const GUARD = `echo $$ >"$2/cgroup.procs"; echo ready; timeout "$1" cat >/dev/null; shift 2; for file; do echo 0 >"$file"; done`;
const FROZEN_AT_MOST_SECONDS = 3;

/** A process of its own that thaws control groups when this one has ended: frozen containers would stand still for ever. */
async function guardFrozen(files: readonly string[], root: string): Promise<{ readonly release: () => Promise<void> }> {
  if (files.length === 0) return { release: async () => undefined };
  // In a session of its own, so that who kills our group does not kill it.
  const guard = spawn("sh", ["-c", GUARD, "sh", `${FROZEN_AT_MOST_SECONDS}`, root, ...files], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  const closed = new Promise((resolve) => guard.once("close", resolve));
  await new Promise((resolve, reject) => {
    guard.stdout.once("data", resolve);
    guard.once("error", reject);
  });
  const release = async () => {
    guard.stdin.end();
    await closed;
  };
  return { release };
}

const FROZEN_WITHIN_MS = 1_000;

async function untilFrozen(file: string): Promise<void> {
  const events = join(file, "../cgroup.events");
  const end = performance.now() + FROZEN_WITHIN_MS;
  while (readIfThere(events)?.includes("frozen 0") && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
}

function freeze(file: string): void {
  try {
    writeFileSync(file, "1");
  } catch (error) {
    // Its processes have ended, and it with them.
    if (readIfThere(file) !== undefined) throw error;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
