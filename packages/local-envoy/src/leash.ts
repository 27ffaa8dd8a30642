import { type ChildProcess, spawn } from "node:child_process";

// The shell holds the reading end of a pipe on which nobody ever writes. The pipe ends when the process that holds the other end does, however that
// came, and then the whole group is killed. A group's id is not given to others while a process of it lives, so nobody else can be hit.
const LEASH = `
child= asked=
trap 'asked=yes; [ -z "$child" ] || kill -s TERM "$child" 2>/dev/null' TERM
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
[ -z "$asked" ] || kill -s TERM "$child"
{ trap - TERM; read -r _ <&3; kill -s KILL -- "-$$"; } >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"; status=$?
while kill -s 0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
{ kill -s KILL "$watcher"; wait "$watcher"; } 2>/dev/null
exit "$status"
`;

export interface LeashedOptions {
  readonly command: string;
  readonly arguments?: readonly string[];
  /** `process.env` when left out. */
  readonly environment?: NodeJS.ProcessEnv;
  /** An open file that takes what it prints; nothing is kept when left out. */
  readonly output?: number;
}

/** A process that can not outlive this one. */
export interface LeashedProcess {
  /** The leader of its process group. */
  readonly pid: number | undefined;
  /** Settles when it has ended, with its exit code, 128 and the signal's number where a signal ended it. Never rejects. */
  readonly ended: Promise<number>;
  /** Has it ended? */
  readonly hasEnded: () => boolean;
  /** Asks it to end by SIGTERM, waits, and after `graceMs` (2,000 when left out) kills it and what it started. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

/**
 * Starts a process that ends when this one does, even where this one is killed by SIGKILL, on any POSIX system.
 *
 * It has a process group of its own, so a terminal's Ctrl-C does not reach it: this process decides the order in which things end.
 *
 * @example
 * ```ts
 * const server = spawnLeashed({ command: "sleep", arguments: ["1000"] });
 * await server.stop();
 * ```
 */
export function spawnLeashed(options: LeashedOptions): LeashedProcess {
  const output = options.output ?? "ignore";
  const child = spawn("/bin/sh", ["-c", LEASH, "leash", options.command, ...(options.arguments ?? [])], {
    detached: true,
    env: options.environment ?? process.env,
    stdio: ["pipe", output, output],
  });
  // The pipe must not keep this process alive, nor end it when the other end is gone.
  child.stdin?.on("error", () => undefined);
  let hasEnded = false;
  const ended = new Promise<number>((resolve) => {
    const settle = (code: number | null) => {
      hasEnded = true;
      resolve(code ?? 137);
    };
    child.once("exit", settle);
    child.once("error", () => settle(127));
  });
  return { pid: child.pid, ended, hasEnded: () => hasEnded, stop: (graceMs = 2_000) => stop(child, ended, graceMs) };
}

async function stop(child: ChildProcess, ended: Promise<number>, graceMs: number): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.stdin?.destroy(), graceMs);
  await ended;
  clearTimeout(timer);
}
