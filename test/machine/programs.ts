import { execFileSync } from "node:child_process";

/** A program that tests need, and what tells how to get it. */
export type Program = readonly [name: string, source: string];

/** Those that this machine lacks, a line each, with how to get it. */
export function findMissingPrograms(programs: readonly Program[]): readonly string[] {
  return programs.filter(([program]) => !isInstalled(program)).map(([program, source]) => `${program}: ${source}`);
}

/** Looks where only root's programs are too: an ordinary user is root in a kernel of his own. */
function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `PATH=$PATH:/usr/sbin:/sbin; command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
