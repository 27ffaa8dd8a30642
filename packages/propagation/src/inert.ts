import { isSwitchedOff } from "./environment.ts";
import { isSupported, warnOfOldNode } from "./node-version.ts";

/** Is this a process in which the library is to do nothing? That its Node.js is too old is said, once. */
export function isInert(): boolean {
  const isTooOld = !isSupported(process.versions.node);
  if (isTooOld) warnOfOldNode();
  return isTooOld || isSwitchedOff(process.env);
}
