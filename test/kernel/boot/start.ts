import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandResult, type KernelProcess, type RunOptions, type StartOptions, speakWithAgent } from "../channel/commands.ts";
import { openInbox } from "../channel/inbox.ts";
import { runCommand } from "../channel/run.ts";
import { spawnLinux } from "./leashed-linux.ts";
import type { KernelParts } from "./parts.ts";

const AGENT = join(import.meta.dirname, "../channel/agent.ts");
const INIT = join(import.meta.dirname, "init.sh");
/** The folder which that kernel sees as it is, wherever it lies. */
const REPOSITORY = join(import.meta.dirname, "../../..");
const CONSOLE_TAIL_CHARACTERS = 4_000;

export interface KernelOptions {
  /** "2G" when left out; the host gives only what is used. */
  readonly memory?: string;
  /** 30,000 when left out. */
  readonly bootWithinMs?: number;
}

/** A Linux kernel with network emulation, and commands inside. Its files are the host's, read-only; `/tmp`, `/run` and `/var/tmp` are its own, and can be written. */
export interface Kernel {
  /**
   * Runs a command to its end.
   *
   * @throws with both outputs, where it fails and `mayFail` is not set, or takes longer than `timeoutMs`; with the console's end where the kernel ends or hangs.
   */
  readonly run: (command: string, arguments_?: readonly string[], options?: RunOptions) => Promise<CommandResult>;
  /** Runs a shell script, which ends at the first command that fails; it has the arguments as `$1`, `$2`. */
  readonly shell: (script: string, arguments_?: readonly string[], options?: RunOptions) => Promise<CommandResult>;
  /** Starts a command and does not wait for its end. */
  readonly start: (command: string, arguments_?: readonly string[], options?: StartOptions) => Promise<KernelProcess>;
  readonly readFile: (path: string) => Promise<string>;
  readonly writeFile: (path: string, text: string) => Promise<void>;
  /** What its console shows. */
  readonly console: () => string;
  readonly stop: () => Promise<void>;
}

/**
 * Boots a kernel that is gone when this process has ended, however it ends.
 *
 * @throws with the end of its console, where it does not come up in time.
 */
export async function startKernel(parts: KernelParts, { memory = "2G", bootWithinMs = 30_000 }: KernelOptions = {}): Promise<Kernel> {
  const folder = await mkdtemp(join(tmpdir(), `puggle-kernel-${process.pid}-`));
  const inbox = join(folder, "inbox");
  const init = await writeInit(folder, inbox);
  const linux = spawnLinux(parts, folder, [
    `mem=${memory}`,
    "root=/dev/root",
    "rootfstype=hostfs",
    "rootflags=/",
    "ro",
    "quiet",
    `init=${init}`,
  ]);
  const commands = speakWithAgent(linux.line, openInbox(inbox, linux.line));
  const explain = (what: string) =>
    new Error(`the kernel ${what}; the end of its console:\n${linux.console().slice(-CONSOLE_TAIL_CHARACTERS)}`);
  let isStopping = false;
  const stop = () => {
    isStopping = true;
    return linux.stop();
  };
  linux.ended.then((code) => commands.fail(isStopping ? new Error("the kernel was stopped") : explain(`has ended (exit code ${code})`)));
  const timer = setTimeout(() => commands.fail(explain(`was not ready after ${bootWithinMs / 1_000} s`)), bootWithinMs);
  try {
    await commands.ready;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const run: Kernel["run"] = (command, arguments_ = [], options = {}) => runCommand(commands, explain, command, arguments_, options);
  return {
    run,
    shell: (script, arguments_ = [], options = {}) => run("sh", ["-ec", script, "sh", ...arguments_], options),
    start: (command, arguments_ = [], options = {}) => commands.start(command, arguments_, options),
    readFile: async (path) => (await run("cat", [path])).stdout,
    writeFile: async (path, text) => void (await run("sh", ["-c", 'cat >"$1"', "sh", path], { input: text })),
    console: linux.console,
    stop,
  };
}

/** A script that starts the first process: the kernel's command line splits at spaces, which paths may have. */
async function writeInit(folder: string, inbox: string): Promise<string> {
  const path = join(folder, "init");
  const command = ["sh", INIT, REPOSITORY, inbox, process.execPath, AGENT, "/dev/ttyS0", "/run/inbox"];
  await writeFile(path, `#!/bin/sh\nexec ${command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ")}\n`, { mode: 0o755 });
  return path;
}
