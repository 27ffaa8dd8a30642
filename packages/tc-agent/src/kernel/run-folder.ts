import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { KernelError } from "./kernel-error.ts";

/** What processes of this boot leave for each other. Nobody but root has a say in it. */
export const RUN_FOLDER = "/run/puggle";

/**
 * Makes the folder where it is not there yet, and nobody else's.
 *
 * @throws KernelError `refused` where that can not be
 */
export function makeRunFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.geteuid?.()) throw new Error("it is somebody else's");
    chmodSync(folder, 0o700);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KernelError("refused", `the folder ${folder} can not be used (${why}); be root, and let it be written`);
  }
}
