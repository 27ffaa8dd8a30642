import type { CommandResult, Commands, RunOptions } from "./commands.ts";

/** How long a killed command may take to be gone before the kernel is thought to hang. */
const GRACE_MS = 10_000;

/** Runs a command to its end; `explain` makes an error of what happened to the kernel. */
export async function runCommand(
  commands: Commands,
  explain: (what: string) => Error,
  command: string,
  arguments_: readonly string[],
  { timeoutMs = 60_000, mayFail = false, ...options }: RunOptions,
): Promise<CommandResult> {
  const line = [command, ...arguments_].join(" ");
  const hang = Promise.withResolvers<never>();
  const timers: NodeJS.Timeout[] = [];
  const afterMs = (delayMs: number, act: () => void) => timers.push(setTimeout(act, delayMs));
  let isLate = false;
  const hasHung = () => hang.reject(explain(`does not answer: ${line}`));
  afterMs(timeoutMs + GRACE_MS, hasHung);
  try {
    const process = await Promise.race([commands.start(command, arguments_, options), hang.promise]);
    afterMs(timeoutMs, () => {
      isLate = true;
      process.kill("SIGKILL", { isForGroup: true });
      afterMs(GRACE_MS, hasHung);
    });
    const result = await Promise.race([process.ended, hang.promise]);
    const failure = isLate
      ? `took longer than ${timeoutMs / 1_000} s`
      : result.code === 0 || mayFail
        ? undefined
        : `failed (exit code ${result.code})`;
    if (failure !== undefined) throw new Error(`${line} ${failure}:\n${result.stdout}\n${result.stderr}`);
    return result;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}
