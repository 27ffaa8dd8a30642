import { spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import type { KernelParts } from "./parts.ts";

// Waits for the end of its input, which comes when the process that holds the other end has ended, however that came. Other than a leash for one program
// it has to end a session, which that kernel makes of itself and of the processes on the host that are its own.
const LEASH = `
folder=$1
shift
trap '' INT TERM HUP
exec 4<&0 </dev/null
setsid "$@" 4<&- &
linux=$!
{ read -r _ <&4; kill -s KILL -- "-$linux" "$linux"; } >/dev/null 2>&1 3<&- &
watcher=$!
exec 4<&-
wait "$linux" 2>/dev/null # which would say so to a pipe that nobody may hold any more
status=$?
{ kill -s KILL "$watcher"; wait "$watcher"; kill -s KILL -- "-$linux"; } 2>/dev/null
rm -rf "$folder"
exit "$status"
`;

/** The processes on the host that are a kernel. They can not outlive this process. */
export interface LeashedLinux {
  /** Its serial line `ttyS0`. */
  readonly line: Duplex;
  /** What its console shows. */
  readonly console: () => string;
  /** Settles when all of it has ended, with the exit code. Never rejects. */
  readonly ended: Promise<number>;
  /** Ends it at once: it has no files of its own that could lose anything. */
  readonly stop: () => Promise<void>;
}

/** Starts a kernel; its folder is removed when it has ended. */
export function spawnLinux({ linux, ptraceShim }: KernelParts, folder: string, commandLine: readonly string[]): LeashedLinux {
  const preloading = ptraceShim === undefined ? [] : [`LD_PRELOAD=${ptraceShim}`];
  const command = [
    "env",
    ...preloading,
    linux,
    ...commandLine,
    "con=null",
    "con0=null,fd:1",
    "ssl=null",
    "ssl0=fd:3",
    `uml_dir=${folder}/`,
    "umid=uml",
  ];
  const child = spawn("/bin/sh", ["-c", LEASH, "leash", folder, ...command], { detached: true, stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const shown: string[] = [];
  for (const output of [child.stdout, child.stderr]) output.setEncoding("utf8").on("data", (text: string) => shown.push(text));
  child.stdin.on("error", () => undefined);
  const line = child.stdio[3] as Duplex;
  line.on("error", () => undefined);
  const ended = new Promise<number>((resolve) => {
    child.once("close", (code) => resolve(code ?? 137));
    child.once("error", () => resolve(127));
  });
  return {
    line,
    console: () => shown.join(""),
    ended,
    stop: async () => {
      child.stdin.destroy();
      await ended;
      line.destroy();
    },
  };
}
